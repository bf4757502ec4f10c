import { setFlagsFromString } from "node:v8";

let done = false;

/**
 * Makes V8 keep the check in every loop by which a thread can be interrupted. Its optimizer (seen in Node 24 and 26)
 * takes it out of `for (;;) kept.push(new Array(1000).fill(0))`: nothing ends such a thread, its heap grows without
 * limit, and the process cannot exit either. The pass that does so is the one that unrolls loops; without it the same
 * thread ends in milliseconds. The flag is the process's and holds for threads that start later.
 */
export function keepLoopsInterruptible(): void {
  if (done) return;
  done = true;
  setFlagsFromString("--no-turboshaft-loop-unrolling");
}
