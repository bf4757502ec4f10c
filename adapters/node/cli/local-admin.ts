import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import {
  createKeyRepository,
  environmentKey,
  randomToken,
  type App,
  type Logger,
} from "../../../src/index.ts";
import { serverUrl } from "../address.ts";
import { endInReverse, type Ends } from "../ends.ts";
import { createNodeApp, startPatiently } from "../node-app.ts";
import { sha256, systemTime } from "../runtime.ts";
import type { Settings } from "../settings.ts";
import { openStores } from "../stores.ts";
import { assertOwnStores, assertStoresThere } from "../stores-guard.ts";
import { AdminApi, type AdminReply } from "./admin-api.ts";
import { LOCAL_KEY } from "./local-key.ts";

export interface LocalAdminOptions {
  /** Whether plugins must run; code of theirs runs only then. */
  readonly withPlugins: boolean;
}

/**
 * The admin API of the data folder, answered by this process: the same routes as a server's, which listens nowhere. Who
 * may read the folder may do what its server may.
 *
 * @throws AppError `CONFIG_INVALID`, also where there is no database; `VAULT_KEY_WRONG`; nothing is open then
 */
export async function openLocalAdmin(
  settings: Settings,
  logger: Logger,
  { withPlugins }: LocalAdminOptions,
): Promise<AdminApi> {
  assertOwnStores(settings);
  assertStoresThere(settings);
  const stores = await openStores(settings, logger);
  const ends: Ends = [() => stores.close()];
  try {
    const token = randomToken("");
    const key = await environmentKey("admin", token, systemTime.now(), sha256);
    const app = await createNodeApp({
      // Nobody else speaks to it, whatever names its server has.
      settings: { ...settings, host: "127.0.0.1", publicUrl: null },
      stores,
      keys: [{ ...key, id: LOCAL_KEY }],
      keyStore: createKeyRepository(stores.database.db),
      logger,
      publicUrl: () => serverUrl(settings, settings.port),
    });
    ends.push(() => app.close());
    if (withPlugins) await startPatiently(app, logger);
    return new LocalAdmin(app, token, () => endInReverse(ends));
  } catch (error) {
    await endInReverse(ends);
    throw error;
  }
}

class LocalAdmin extends AdminApi {
  readonly #app: Pick<App, "fetch">;
  readonly #token: string;
  readonly #close: () => Promise<void>;

  constructor(app: Pick<App, "fetch">, token: string, close: () => Promise<void>) {
    super();
    this.#app = app;
    this.#token = token;
    this.#close = close;
  }

  protected async ask(method: string, path: string, body?: string): Promise<AdminReply> {
    const headers = {
      host: "127.0.0.1",
      authorization: `Bearer ${this.#token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const init = { method, headers, ...(body !== undefined && { body }) };
    const response = await this.#app.fetch(new Request(new URL(path, "http://127.0.0.1"), init));
    const stream = response.body as ReadableStream<Uint8Array> | null;
    return {
      status: response.status,
      body: stream === null ? Readable.from([]) : Readable.fromWeb(stream),
    };
  }

  close(): Promise<void> {
    return this.#close();
  }
}
