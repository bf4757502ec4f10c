import { createScrubber, LogFeed } from "../../../src/index.ts";
import { sendConsoleToLog } from "../console-to-log.ts";
import { configureLogging, createLogger, flushLogging } from "../logging.ts";
import { systemTime } from "../runtime.ts";
import { startServer, type ServerMode } from "../server.ts";
import { readSettings, type Environment, type SettingFlags } from "../settings.ts";
import { IS_CLONE } from "../source-form.ts";
import { jsonBanner, textBanner } from "./banner.ts";
import { supervise } from "./supervise.ts";

/** `serve` and `dev`: runs the server until it is told to end. */
export async function serve(
  env: Environment,
  flags: SettingFlags,
  json: boolean,
  mode: ServerMode = "serve",
): Promise<void> {
  const settings = readSettings(env, flags);
  const scrubber = createScrubber();
  const scrub = (text: string) => scrubber.scrub(text);
  const logs = new LogFeed({ now: () => systemTime.now() });
  const { logFormat, logLevel } = settings;
  const { setLevel } = await configureLogging(logFormat, logLevel, { scrub, tap: logs });
  const logger = createLogger();
  sendConsoleToLog(logger);
  const starting = startServer(settings, logger, mode, {
    scrubber,
    logs,
    setLogLevel: setLevel,
  });
  supervise({
    logger,
    async close() {
      await (await starting).close();
      await flushLogging();
    },
  });

  const server = await starting;
  process.stdout.write(
    json
      ? `${jsonBanner(server)}\n`
      : await textBanner({
          ...server,
          auth: settings.auth,
          plugins: server.app.manager.statuses(),
          command: commandName(),
        }),
  );
  logger.info("Server listens", { url: server.url });
  if (mode === "dev") {
    const { pluginsDir, configFile } = settings;
    logger.info("Plugins are reloaded when they are saved", { pluginsDir, configFile });
  }
}

/** In a clone, npm is the way in. */
function commandName(): string {
  return IS_CLONE ? "npm start --silent --" : "npx mcp-plugin-server";
}
