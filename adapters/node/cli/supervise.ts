import { stackOf, type Logger } from "../../../src/index.ts";
import { sendWarningsToLog } from "../warnings-to-log.ts";
import { EXIT, exitCodeOfSignal } from "./exit-codes.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/**
 * A terminal sends Ctrl-C to the whole group of processes, and npm and the launcher hand it on: one press arrives
 * several times. What comes this soon after the first, in milliseconds, is the same wish.
 */
const ECHO_MS = 1_000;
/** How long the server may take to stop after it broke, in milliseconds. */
const BROKEN_CLOSE_MS = 10_000;

export interface Supervisor {
  /** Stops the server in order, and the process with it, as a first signal does. */
  readonly stop: () => void;
}

export interface Supervised {
  /** Ends the server in order; waits for its start when that is still under way. */
  readonly close: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Ties the server to its process: the first signal stops it in order, a second one at once. A promise that a plugin left
 * alone is logged and no more. An exception that nobody caught leaves unknown damage, so the server stops in order.
 */
export function supervise({ close, logger }: Supervised): Supervisor {
  let stopping = false;
  let signalledAt: number | null = null;

  const stop = async (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    try {
      await close();
    } catch (error) {
      logger.error("The server did not stop in order", { error: stackOf(error) });
      process.exit(EXIT.broken);
    }
    process.exit(exitCode);
  };

  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signalledAt === null) {
        signalledAt = performance.now();
        logger.info("Server stops", { signal });
        void stop(EXIT.ok);
      } else if (performance.now() - signalledAt > ECHO_MS) {
        logger.warn("Server is made to stop at once", { signal });
        process.exit(exitCodeOfSignal(signal));
      }
    });
  }
  process.on("unhandledRejection", (reason) => {
    // A plugin in this thread left a promise alone. Its call has been answered; the others go on.
    logger.error("Unhandled rejection", { error: stackOf(reason) });
  });
  process.on("uncaughtException", (error) => {
    logger.error("Uncaught exception", { error: stackOf(error) });
    if (stopping) return;
    signalledAt = performance.now();
    setTimeout(() => process.exit(EXIT.broken), BROKEN_CLOSE_MS).unref();
    void stop(EXIT.broken);
  });
  sendWarningsToLog(logger);
  // Whoever read our output has gone (`… | head`). There is nobody left to tell, and clients are to be served on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  return { stop: () => void stop(EXIT.ok) };
}
