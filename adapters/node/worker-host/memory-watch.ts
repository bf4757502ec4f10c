import type { Worker } from "node:worker_threads";

const MB = 1024 * 1024;
const LOOK_EVERY_MS = 100;
/** How often in a row a thread may be found above its limit: V8 gets the time to collect what is held no longer. */
const MAX_LOOKS_ABOVE = 30;
/**
 * V8's own limit lies this many times higher. There it ends the thread only when little is missing; when a growing Map
 * or object asks for much at once, V8 ends the whole process. So it must not come to that.
 */
export const HARD_LIMIT_TIMES = 4;

/**
 * Looks at what a thread holds in its heap and in buffers, also while it is in a loop, and calls `onFull` when that is
 * above the limit for three seconds, or twice the limit at once. Shared buffers and WebAssembly's memory are not seen. Answers
 * the way to end it. Twenty idle threads cost 1.5 % of a core.
 */
export function watchMemory(worker: Worker, limitMb: number, onFull: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let above = 0;
  const look = async () => {
    const { used_heap_size, external_memory } = await worker.getHeapStatistics();
    if (ended) return;
    const usedMb = (used_heap_size + external_memory) / MB;
    above = usedMb > limitMb ? above + 1 : 0;
    if (above >= MAX_LOOKS_ABOVE || usedMb > 2 * limitMb) onFull();
    else later();
  };
  const later = () => {
    // It rejects for a thread that has ended, which needs no watching.
    timer = setTimeout(() => void look().catch(() => {}), LOOK_EVERY_MS).unref();
  };
  later();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
