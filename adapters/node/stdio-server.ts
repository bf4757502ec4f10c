import type { Logger, ServedChannel } from "../../src/index.ts";
import { serverUrl } from "./address.ts";
import { tendAudit } from "./audit-upkeep.ts";
import { endInReverse, type Ends } from "./ends.ts";
import { createNodeApp, startPatiently } from "./node-app.ts";
import { systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";
import { StdioChannel, type StdioStreams } from "./stdio-channel.ts";
import { openStores, type StoresOptions } from "./stores.ts";
import { within } from "./within.ts";

/**
 * How long the client's first message may wait for plugins to start, in milliseconds: well below the ten seconds after
 * which impatient clients give up. What comes later is announced to the client as a change.
 */
const START_PATIENCE_MS = 5_000;
/**
 * How long calls in flight may take when the client sends no more, in milliseconds: a little less than the two seconds
 * after which the clients of the official SDKs send a signal.
 */
const LAST_ANSWERS_MS = 1_500;
/** How long a client may take to read what is left, in milliseconds. */
const FLUSH_MS = 1_000;

export interface StdioServer {
  /** Resolves when the client has gone: it sends no more and has its last answers, or it reads no more. */
  readonly ended: Promise<void>;
  /** Finishes calls in flight, stops plugins, closes the stores. A second call does nothing more. */
  close(): Promise<void>;
}

/**
 * Serves the client at the other end of a pair of pipes, without listening anywhere and without a key: who has started
 * this process may do what its user may. Nothing is read before plugins have been started, so that a client that
 * lists tools once sees them.
 *
 * @throws AppError `CONFIG_INVALID` or `VAULT_KEY_WRONG`, saying what to change; nothing keeps running then
 */
export async function startStdio(
  settings: Settings,
  logger: Logger,
  streams: StdioStreams,
  options: StoresOptions = {},
): Promise<StdioServer> {
  const stores = await openStores(settings, logger, options);
  const upkeep = tendAudit({ ...stores, ...settings.audit, time: systemTime, logger });
  const ends: Ends = [() => stores.close(), () => upkeep.end()];
  const close = () => endInReverse(ends);
  try {
    const app = await createNodeApp({
      settings,
      stores,
      keys: [],
      keyStore: null,
      // What the log says stays as it is: clients show it as if it were trouble.
      adjustable: {
        auditDays: { given: settings.audit.keepDays, apply: (days) => upkeep.keepFor(days) },
      },
      logger,
      // This process has no address: accounts are connected at the server that runs on the same data.
      publicUrl: () => serverUrl(settings, settings.port),
    });
    const channel = new StdioChannel(streams);
    ends.push(
      () => within(FLUSH_MS, channel.flushed()),
      () => app.close(),
    );
    await startPatiently(app, logger, START_PATIENCE_MS);
    // It is the first channel of this app, for which there is always room.
    const served = app.serveLocal(channel)!;
    channel.serve(served);
    return { ended: clientGone(channel, served), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function clientGone(channel: StdioChannel, served: ServedChannel): Promise<void> {
  const answered = channel.inputEnded.then(() => within(LAST_ANSWERS_MS, served.answered()));
  await Promise.race([answered, channel.outputEnded]);
  // Calls that still run are for nobody now.
  served.closed();
}
