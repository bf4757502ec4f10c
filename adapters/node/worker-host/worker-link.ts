import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from "node:worker_threads";
import { messageOf, type LinkEvents, type PluginLink } from "../../../src/index.ts";
import { EXTENSION } from "../source-form.ts";
import { within } from "../within.ts";
import { keepLoopsInterruptible } from "./interruptible-loops.ts";
import { HARD_LIMIT_TIMES, watchMemory } from "./memory-watch.ts";

const MAIN = new URL(`./worker-main${EXTENSION}`, import.meta.url);
/** MB of stack, as Node has it for workers. */
const STACK_MB = 4;
/**
 * How long to wait for the end of a thread that is made to end, in milliseconds. One that waits for a child process in
 * `execSync` ends when that has ended.
 */
const TERMINATE_MS = 2_000;
/** How long after its port a thread ends that exits in order, at most, in milliseconds. */
const PORT_TO_EXIT_MS = 1_000;

export interface WorkerOptions {
  readonly instanceId: string;
  readonly memoryMb: number;
}

/** What the thread is started with. */
export interface WorkerStart {
  port?: MessagePort;
}

/**
 * Starts a thread for one plugin. Messages go through a port of their own: `parentPort`, which any code in there finds,
 * leads nowhere. The thread's environment is a copy of the process's, from which the server has taken its secrets.
 */
export function openWorker(
  { instanceId, memoryMb }: WorkerOptions,
  events: LinkEvents,
): PluginLink {
  keepLoopsInterruptible();
  const { port1: port, port2 } = new MessageChannel();
  const start: WorkerStart = { port: port2 };
  const worker = new Worker(MAIN, {
    name: `plugin ${instanceId}`,
    workerData: start,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb * HARD_LIMIT_TIMES, stackSizeMb: STACK_MB },
    // Nothing of it must reach the server's stdout; the thread sends what is written there to the log.
    stdout: true,
    stderr: true,
  });
  let waitsForExit: NodeJS.Timeout | undefined;
  /** What was sent before the end comes before it. */
  const lost = (reason: Error) => {
    for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) {
      events.message(left.message);
    }
    events.lost(reason);
  };

  const take = (data: unknown) => events.message(data);
  port.on("message", take);
  const endWatch = watchMemory(worker, memoryMb, () => lost(outOfMemory(memoryMb)));
  port.on("messageerror", () => lost(new Error("It sent a message that cannot be read.")));
  port.on("close", () => {
    const closed = () => lost(new Error("It closed its connection to the server."));
    waitsForExit = setTimeout(closed, PORT_TO_EXIT_MS);
  });
  worker.on("error", (error: unknown) => lost(explain(error, memoryMb)));
  worker.on("exit", (code) => {
    clearTimeout(waitsForExit);
    lost(new Error(`It called process.exit(${code}).`));
  });

  return {
    post: (text) => port.postMessage(text),
    async close() {
      endWatch();
      port.off("message", take);
      port.close();
      await within(TERMINATE_MS, worker.terminate());
      clearTimeout(waitsForExit);
      // One that does not end keeps no process alive.
      worker.unref();
    },
  };
}

function explain(error: unknown, memoryMb: number): Error {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "ERR_WORKER_OUT_OF_MEMORY"
    ? outOfMemory(memoryMb)
    : new Error(`Its thread failed: ${messageOf(error)}`);
}

function outOfMemory(memoryMb: number): Error {
  return new Error(`It ran out of memory (${memoryMb} MB).`);
}
