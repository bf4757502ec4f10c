import type { MissingCredential } from "../types/auth.ts";
import type { CallOutcome, HostCall } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Scrubber } from "../types/scrubber.ts";
import { messageOf } from "../errors.ts";
import { needsCredentials } from "../util/needs-credentials.ts";
import type { CatalogTool, PreparedCatalog } from "./plugin-catalog.ts";
import { stopped, unlessCancelled, type CallRun } from "./plugin-run.ts";
import type { CallReports } from "./running-call.ts";

interface HeldRunDeps {
  readonly instanceId: string;
  /** Looks again whether the credentials are there, and starts the plugin if they are. */
  readonly resume: () => Promise<void>;
  readonly missing: () => readonly MissingCredential[];
  /** What the instance offers now. */
  readonly catalog: () => PreparedCatalog | null;
  readonly handedOut: Scrubber;
}

export interface HeldDeps extends HeldRunDeps {
  /** Reads the plugin's lists, whose calls go to `run`. */
  readonly read: (run: CallRun) => Promise<PreparedCatalog>;
  readonly logger: Logger;
}

/** What answers for an instance that waits, and its lists; `null` when it knows them only once it has been initialized. */
export async function openHeld({
  read,
  logger,
  ...deps
}: HeldDeps): Promise<{ readonly run: CallRun; readonly catalog: PreparedCatalog } | null> {
  const run = new HeldRun(deps);
  try {
    const catalog = await read(run);
    run.tools = catalog.tools;
    return { run, catalog };
  } catch (error) {
    logger.debug("A plugin that needs credentials lists no tools", { error: messageOf(error) });
    return null;
  }
}

/**
 * Answers the calls of an instance that waits for its credentials. Each looks again, since another process may have stored
 * them; where the plugin starts then, the call goes on to it.
 */
class HeldRun implements CallRun {
  readonly #deps: HeldRunDeps;
  /** The tools as the caller knows them. */
  tools: readonly CatalogTool[] = [];

  constructor(deps: HeldRunDeps) {
    this.#deps = deps;
  }

  get instanceId(): string {
    return this.#deps.instanceId;
  }

  async call(call: HostCall, timeoutMs: number, reports: CallReports): Promise<CallOutcome> {
    const { resume, missing, catalog, instanceId } = this.#deps;
    await unlessCancelled(resume(), call, reports);
    if (missing().length > 0) return needsCredentials(instanceId, "shared", missing());
    const find = (tools: readonly CatalogTool[] = []) =>
      tools.find(({ ownName }) => call.kind === "tool" && ownName === call.name);
    const known = find(this.tools);
    const live = find(catalog()?.tools);
    // Its arguments were checked against the schema of before.
    const isSame =
      known?.inputDigest === live?.inputDigest && known?.outputDigest === live?.outputDigest;
    if (live === undefined || live.run === this || !isSame) throw stopped(instanceId);
    return live.run.call(call, timeoutMs, reports);
  }

  handedOutTo(): Scrubber {
    return this.#deps.handedOut;
  }

  async drain(): Promise<void> {}
}
