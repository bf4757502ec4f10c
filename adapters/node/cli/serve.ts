import { messageOf } from "../../../src/index.ts";
import { configureLogging, createLogger, flushLogging } from "../logging.ts";
import { startServer } from "../server.ts";
import { readSettings, type Environment, type SettingFlags } from "../settings.ts";
import { jsonBanner, textBanner } from "./banner.ts";

/** `serve`: runs the server until it is told to end. */
export async function serve(env: Environment, flags: SettingFlags, json: boolean): Promise<void> {
  const settings = readSettings(env, flags);
  await configureLogging(settings.logFormat, settings.logLevel);
  const logger = createLogger();
  process.on("unhandledRejection", (reason) => {
    // A plugin in this thread left a promise alone. Its call has been answered; the others go on.
    logger.error("Unhandled rejection", {
      error: reason instanceof Error ? (reason.stack ?? reason.message) : messageOf(reason),
    });
  });

  const server = await startServer(settings, logger);
  process.stdout.write(json ? `${jsonBanner(server)}\n` : textBanner(server, settings.auth));
  logger.info("Server listens", { url: server.url });

  const stop = (signal: NodeJS.Signals) => {
    logger.info("Server stops", { signal });
    process.once(signal, () => process.exit(1));
    server
      .close()
      .then(() => flushLogging())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Could not stop cleanly: ${messageOf(error)}\n`);
          process.exit(1);
        },
      );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
