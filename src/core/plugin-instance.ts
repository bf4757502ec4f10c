import { AppError, messageOf, stackOf } from "../errors.ts";
import type { HostServices, HostedPlugin, PluginHost, PluginInfo } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import { ChangeNotices } from "./change-notices.ts";
import { MAX_CALL_MS } from "./call-limits.ts";
import { prepareCatalog, type PreparedCatalog, type PrepareDeps } from "./plugin-catalog.ts";
import { PluginRun } from "./plugin-run.ts";
import { assertMove, type PluginState } from "./plugin-state.ts";
import { runStep, type StepLimits } from "./plugin-steps.ts";
import type { RegisteredInstance } from "./registry.ts";
import { checkSettings } from "./settings-check.ts";
import { ToolFaults } from "./tool-faults.ts";
import { placeOf } from "../util/error-place.ts";

/** A plugin that makes up new faults for ever fills neither the log nor the memory. */
const MAX_LOGGED_FAULTS = 1_000;
/** For requests that looked their tool up just before a reload and have not reached the plugin yet. */
const STRAGGLERS_MS = 1_000;

export interface PluginInstanceDeps extends PrepareDeps {
  /** `null` when this server has no host of the kind that the settings name. */
  readonly host: PluginHost | null;
  readonly logger: Logger;
  readonly time: Time;
  readonly limits: StepLimits;
  /** Services bound to this instance; the lifecycle adds the change notices. */
  readonly services: Omit<HostServices, "changed" | "resourceUpdated" | "logger">;
  /** Its catalog is another one now. */
  readonly onCatalogChanged: () => void;
  readonly onResourceUpdated: (uri: string) => void;
  /** Its plugin is gone although nobody stopped it; `fail` says so to the instance. */
  readonly onEnded: (plugin: HostedPlugin, reason: string) => void;
}

/** Why an instance does not run. `retry`: whether trying again with the same code and settings may help. */
export interface InstanceError {
  readonly message: string;
  readonly retry: boolean;
}

/**
 * One plugin instance and its way through the states. `load`, `start` and `stop` never reject for what the plugin does:
 * they end in `failed` with the reason. The caller (the manager) never runs two of them at once.
 */
export class PluginInstance {
  readonly registered: RegisteredInstance;
  readonly #deps: PluginInstanceDeps;
  readonly #notices: ChangeNotices;
  readonly #faults = new ToolFaults();
  #state: PluginState = "stopped";
  #error: InstanceError | null = null;
  #info: PluginInfo | null = null;
  #plugin: HostedPlugin | null = null;
  #run: PluginRun | null = null;
  #catalog: PreparedCatalog | null = null;
  readonly #loggedFaults = new Set<string>();
  readonly #abandoned = Promise.withResolvers<never>();
  #isAbandoned = false;
  #releasing: Promise<void> | null = null;
  /** A notice that came while the lists were read for the first time. */
  #noticed = false;

  constructor(registered: RegisteredInstance, deps: PluginInstanceDeps) {
    this.registered = registered;
    this.#deps = deps;
    this.#notices = new ChangeNotices(() => this.#refreshCatalog(), deps.time);
    this.#abandoned.promise.catch(() => {});
  }

  get id(): string {
    return this.registered.settings.id;
  }
  get state(): PluginState {
    return this.#state;
  }
  get error(): InstanceError | null {
    return this.#error;
  }
  /** What the code says about itself; known once it was loaded. */
  get info(): PluginInfo | null {
    return this.#info;
  }
  get run(): PluginRun | null {
    return this.#run;
  }
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }
  /** `null` unless running. */
  get catalog(): PreparedCatalog | null {
    return this.#catalog;
  }

  /** Loads the code; runs none of its lifecycle. */
  async load(): Promise<void> {
    this.#move("loading");
    this.#error = null;
    try {
      this.#plugin = await this.#loadCode();
    } catch (error) {
      this.#note(messageOf(error), this.#mayLoadLater(error), error);
      this.#move("failed");
      return;
    }
    const plugin = this.#plugin;
    plugin.ended.then(
      (reason) => this.#deps.onEnded(plugin, messageOf(reason)),
      () => {},
    );
    this.#info = plugin.info;
    this.#move("loaded");
  }

  /** Initializes and starts a loaded plugin with settings that satisfy its schema. */
  async start(): Promise<void> {
    const plugin = this.#plugin;
    if (plugin === null) throw new AppError("PLUGIN_STATE", `Plugin "${this.id}" is not loaded.`);
    const { settings, package: code } = this.registered;
    const schemas = [code?.manifest?.config, plugin.info.configSchema];
    const config = checkSettings(settings.config, schemas, this.#deps.engine);
    if (!config.ok) {
      this.#note(config.reason, false);
      return this.#release("failed");
    }
    this.#error = null;
    try {
      this.#move("initializing");
      await this.#step("initialize", () => plugin.initialize(config.value));
      this.#move("starting");
      await this.#step("start", () => plugin.start());
      await this.#goLive(new PluginRun(this.id, plugin, this.#deps.time));
    } catch (error) {
      this.#note(messageOf(error), true, error);
      return this.#release("failed");
    }
  }

  /** Stops a running plugin after its calls in flight. What it does wrong on the way is logged. */
  async stop(): Promise<void> {
    if (this.#plugin !== null) await this.#release("stopped");
    if (this.#state !== "stopped") this.#move("stopped");
    this.#error = null;
  }

  /**
   * Ends a life that another has taken over from. It still takes the calls that are on their way to it, and lets those in
   * flight run for as long as a call may. `stop` cuts that short.
   */
  async retire(): Promise<void> {
    await new Promise<void>((resolve) => void this.#deps.time.after(STRAGGLERS_MS, resolve));
    await this.#run?.drain(MAX_CALL_MS);
    if (this.#state === "running") await this.#release("stopped");
  }

  /** Gives up a life that is on its way up: something newer waits behind it. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#abandoned.reject(new Error("A newer version has come."));
    void this.#plugin?.abandon?.();
  }

  /** Takes note that its plugin is gone. Answers `false` when it has let go of that one already. */
  async fail(plugin: HostedPlugin, reason: string): Promise<boolean> {
    if (this.#plugin !== plugin) return false;
    this.#note(reason, true);
    await this.#release("failed");
    return true;
  }

  /** Waits for a dependency, or will never have it. Says anew why when it is blocked already. */
  block(reason: string): void {
    if (this.#state !== "blocked") this.#move("blocked");
    if (this.#error?.message === reason) return;
    this.#error = { message: reason, retry: false };
    this.#deps.logger.warn(`Plugin does not start: ${reason}`);
  }

  /**
   * Takes a tool out of the catalog after the fact: its schema turned out not to compile. Answers whether the catalog
   * is another one now.
   */
  quarantineTool(name: string, reason: string): boolean {
    const tool = this.#catalog?.tools.find(({ ownName }) => ownName === name);
    if (!this.#catalog || !tool) return false;
    this.#faults.add(tool, reason);
    this.#catalog = this.#faults.apply(this.#catalog);
    this.#logQuarantined(this.#catalog);
    return true;
  }

  async #loadCode(): Promise<HostedPlugin> {
    const { package: code, error, settings } = this.registered;
    const { host } = this.#deps;
    if (code === null) throw new Error(error ?? "Its package was not found.");
    if (host === null) throw new Error(`This server cannot run plugins in "${settings.host}".`);
    const loading = Promise.resolve().then(() =>
      host.load({ instanceId: this.id, entry: code.entry }, this.#hostServices()),
    );
    try {
      return await this.#step("load", () => loading);
    } catch (fault) {
      // One that comes after its time is let go at once.
      loading.then((late) => late.cleanup()).catch(() => {});
      throw fault;
    }
  }

  /**
   * Code that threw will do so again. A thread that took too long or died while it loaded may have had a bad moment; in the
   * server's own thread, the same import would still be under way.
   */
  #mayLoadLater(error: unknown): boolean {
    const cause = error instanceof Error ? error.cause : null;
    const code = cause instanceof AppError ? cause.code : null;
    const passes = code === "PLUGIN_TIMEOUT" || code === "PLUGIN_UNAVAILABLE";
    return passes && this.#deps.host?.overlaps === true;
  }

  async #goLive(run: PluginRun): Promise<void> {
    this.#noticed = false;
    const catalog = await this.#readCatalog(run);
    this.#run = run;
    this.#catalog = catalog;
    this.#move("running");
    const { logger } = this.#deps;
    logger.info("Plugin is running", {
      tools: catalog.tools.length,
      version: run.plugin.info.version,
    });
    if (this.#noticed) this.#notices.notice();
  }

  async #readCatalog(run: PluginRun): Promise<PreparedCatalog> {
    const read = async () => {
      const offer = await run.plugin.catalog();
      const { toolPrefix } = this.registered.settings;
      return this.#faults.apply(await prepareCatalog(run, toolPrefix, offer, this.#deps));
    };
    const catalog = await runStep("catalog", read, this.#deps);
    this.#logQuarantined(catalog);
    return catalog;
  }

  /** Each fault once, however often the lists are read. */
  #logQuarantined({ quarantined }: PreparedCatalog): void {
    for (const { kind, name, reason } of quarantined) {
      const key = JSON.stringify([kind, name, reason]);
      if (this.#loggedFaults.has(key) || this.#loggedFaults.size >= MAX_LOGGED_FAULTS) continue;
      this.#loggedFaults.add(key);
      this.#deps.logger.warn(`Quarantined a ${kind}: ${reason}`, { name });
    }
  }

  /** Takes over what the plugin offers now. Lists that cannot be read leave the old ones in force. */
  async #refreshCatalog(): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    try {
      const catalog = await this.#readCatalog(run);
      if (this.#run !== run) return;
      this.#catalog = catalog;
      this.#deps.onCatalogChanged();
    } catch (error) {
      this.#deps.logger.error("Could not read the changed lists of a plugin", {
        error: messageOf(error),
      });
    }
  }

  /** Runs a step of the way up, for as long as nobody gives the life up. */
  #step<T>(step: "load" | "initialize" | "start", work: () => Promise<T>): Promise<T> {
    return Promise.race([runStep(step, work, this.#deps), this.#abandoned.promise]);
  }

  /** Lets go of the plugin, once: who comes later waits for the same end. */
  #release(end: "stopped" | "failed"): Promise<void> {
    this.#releasing ??= this.#undo(end).finally(() => (this.#releasing = null));
    return this.#releasing;
  }

  /** Undoes what was begun, whatever the plugin does on the way, and ends there. */
  async #undo(end: "stopped" | "failed"): Promise<void> {
    const plugin = this.#plugin;
    const run = this.#run;
    if (this.#state === "starting" || this.#state === "running") {
      this.#move("stopping");
      this.#run = null;
      this.#catalog = null;
      await run?.drain(this.#deps.limits.drain);
      await this.#quietly("stop", async () => plugin?.stop());
    }
    this.#move("cleaning");
    await this.#quietly("cleanup", async () => plugin?.cleanup());
    this.#plugin = null;
    this.#move(end);
  }

  #hostServices(): HostServices {
    return {
      ...this.#deps.services,
      logger: this.#deps.logger,
      changed: () => {
        this.#noticed = true;
        this.#notices.notice();
      },
      resourceUpdated: (uri) => {
        if (this.#run !== null) this.#deps.onResourceUpdated(uri);
      },
    };
  }

  #move(to: PluginState): void {
    assertMove(this.id, this.#state, to);
    this.#state = to;
  }

  #note(reason: string, retry: boolean, thrown?: unknown): void {
    const place = placeOf(thrown, folderOf(this.registered));
    const message = place === null || reason.includes(place) ? reason : `${reason} (${place})`;
    this.#error = { message, retry };
    // Nothing is wrong with it.
    if (this.#isAbandoned) return;
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    const fields = cause === undefined ? {} : { stack: stackOf(cause) };
    this.#deps.logger.error(`Plugin "${this.id}": ${message}`, fields);
  }

  async #quietly(step: "stop" | "cleanup", work: () => Promise<void>): Promise<void> {
    try {
      await runStep(step, work, this.#deps);
    } catch (error) {
      this.#deps.logger.warn(messageOf(error));
    }
  }
}

/** Where its files lie, as stacks have it. What has no folder gets a name that no path begins with. */
function folderOf({ package: code }: RegisteredInstance): string {
  if (code === null || !URL.canParse(code.entry)) return "\0";
  const own = code.manifest?.entry.slice("./".length);
  const folder =
    own !== undefined && code.entry.endsWith(`/${own}`)
      ? code.entry.slice(0, -own.length)
      : new URL(".", code.entry).href;
  return decodeURIComponent(new URL(folder).pathname);
}
