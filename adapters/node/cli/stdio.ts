import { createScrubber } from "../../../src/index.ts";
import { sendConsoleToLog } from "../console-to-log.ts";
import { configureLogging, createLogger, flushLogging } from "../logging.ts";
import { readSettings, type Environment, type SettingFlags } from "../settings.ts";
import { startStdio } from "../stdio-server.ts";
import { takeStreams } from "../stdio-streams.ts";
import { supervise } from "./supervise.ts";

const HINT = `This speaks MCP on stdin and stdout; MCP clients start it themselves ("connect <client> --stdio" says how).\n`;

/** `stdio`: serves the client that has started this process, until it goes or the process is told to end. */
export async function stdio(env: Environment, flags: SettingFlags): Promise<void> {
  // Clients show what is on stderr as if it were trouble, so it had better be.
  const settings = readSettings(env, flags, { logLevel: "warning" });
  const scrubber = createScrubber();
  const scrub = (text: string) => scrubber.scrub(text);
  await configureLogging(settings.logFormat, settings.logLevel, { scrub });
  const logger = createLogger();
  if (process.stdin.isTTY) process.stderr.write(HINT);
  sendConsoleToLog(logger);
  const streams = takeStreams((line) => logger.info(line, { from: "stdout" }));
  const starting = startStdio(settings, logger, streams, { scrubber });
  const { stop } = supervise({
    logger,
    async close() {
      await (await starting).close();
      await flushLogging();
    },
  });
  const { ended } = await starting;
  void ended.then(stop);
}
