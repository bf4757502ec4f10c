import { stackOf } from "../errors.ts";
import type { InstanceStore, ToolSettingsStore } from "../types/instances.ts";
import type { ServerSettingsStore } from "../types/server-settings.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";

/** How long what another process has changed may stay unnoticed here. */
const LOOK_MS = 20_000;

export interface StoredChangesDeps {
  readonly instances: Pick<InstanceStore, "list">;
  readonly toolSettings: Pick<ToolSettingsStore, "list">;
  /** `null` where the server's own settings cannot be changed while it runs. */
  readonly serverSettings: Pick<ServerSettingsStore, "read"> | null;
  /** Takes over what is stored now. Also called after changes of this process's own, which find nothing left to do. */
  readonly take: () => Promise<void>;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Takes over what other processes on the same database have changed: which instances there are, how they are set, how
 * tools are offered, and the settings of the server itself. Keys have the `KeyDirectory`.
 */
export class StoredChanges {
  readonly #deps: StoredChangesDeps;
  #seen: string;
  #cancel: () => void = () => {};
  #isWatching = false;

  private constructor(deps: StoredChangesDeps, seen: string) {
    this.#deps = deps;
    this.#seen = seen;
  }

  /** To be called before what is stored is read, so that no change falls between the two. */
  static async open(deps: StoredChangesDeps): Promise<StoredChanges> {
    return new StoredChanges(deps, await read(deps));
  }

  watch(): void {
    this.#isWatching = true;
    this.#schedule();
  }

  close(): void {
    this.#isWatching = false;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const found = await read(this.#deps);
    if (found === this.#seen || !this.#isWatching) return;
    await this.#deps.take();
    // After it, so that what could not be taken over is tried again.
    this.#seen = found;
  }

  #schedule(): void {
    if (!this.#isWatching) return;
    this.#cancel = this.#deps.time.after(LOOK_MS, () => {
      this.#look()
        .catch((error: unknown) =>
          this.#deps.logger.error("Could not take over what others have changed", {
            error: stackOf(error),
          }),
        )
        .finally(() => this.#schedule());
    });
  }
}

/** Something that is another after every change. */
async function read(deps: StoredChangesDeps): Promise<string> {
  const { instances, toolSettings, serverSettings } = deps;
  const [rows, settings, server] = await Promise.all([
    instances.list(),
    toolSettings.list(),
    serverSettings?.read(),
  ]);
  const revisions = [
    server?.rev ?? 0,
    ...rows.map(({ id, rev }) => [id, rev]),
    ...settings.map(({ instanceId, tool, rev }) => [instanceId, tool, rev]),
  ];
  return revisions
    .map((each) => JSON.stringify(each))
    .toSorted()
    .join();
}
