/** What a thread of the worker host runs: one plugin, from its load to its end. */
import { parentPort, workerData } from "node:worker_threads";
import { createPluginGuest } from "../../../src/guest.ts";
import { sendConsoleToLog } from "../console-to-log.ts";
import { importPlugin } from "../import-plugin.ts";
import { sendWarningsToLog } from "../warnings-to-log.ts";
import { createModuleReport } from "./module-report.ts";
import { sendOutputToLog } from "./output-to-log.ts";
import type { WorkerStart } from "./worker-link.ts";

const start = workerData as WorkerStart;
const port = start.port!;
// The plugin has no business with either; code that looks for them gets nothing.
delete start.port;
parentPort?.close();
// The thread ends when it is told to, and not because nothing is left to do.
setInterval(() => {}, 2 ** 31 - 1);

const guest = createPluginGuest({
  post: (text) => port.postMessage(text),
  async importModule(entry) {
    const report = createModuleReport((urls) => guest.tellModules(urls));
    try {
      return await importPlugin(entry);
    } finally {
      // Also when it failed, and before that is told: a file that does not load is one to be watched.
      report.flush();
    }
  },
  time: { now: () => performance.now() },
});

sendConsoleToLog(guest.logger);
sendOutputToLog(process.stdout, (line) => guest.logger.info(line, { from: "stdout" }));
sendOutputToLog(process.stderr, (line) => guest.logger.warn(line, { from: "stderr" }));
sendWarningsToLog(guest.logger);
process.on("uncaughtExceptionMonitor", (error, origin) => {
  if (origin === "unhandledRejection") guest.tellFatal("rejection", reasonOf(error));
  else guest.tellFatal("exception", error);
});
port.on("message", (text: string) => guest.receive(text));

/** What a promise was rejected with. Node wraps what is no error into one that explains what a rejection is. */
function reasonOf(error: Error & { code?: unknown }): unknown {
  if (error.code !== "ERR_UNHANDLED_REJECTION") return error;
  return /with the reason "([\s\S]*)"\.$/.exec(error.message)?.[1] ?? error;
}
