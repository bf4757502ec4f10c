import { AppError, messageOf } from "../errors.ts";
import type { HostServices, HostedPlugin, PluginHost, PluginInfo } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Time } from "../types/runtime.ts";
import type { SchemaEngine } from "../types/schema-engine.ts";
import { withDeadline } from "../util/deadline.ts";
import { prepareCatalog, type PreparedCatalog, type PrepareDeps } from "./plugin-catalog.ts";
import { PluginRun } from "./plugin-run.ts";
import { assertMove, type PluginState } from "./plugin-state.ts";
import type { RegisteredInstance } from "./registry.ts";

/** How long each step of the life may take, in milliseconds. */
export const STEP_LIMITS = {
  load: 30_000,
  initialize: 30_000,
  start: 30_000,
  catalog: 10_000,
  drain: 10_000,
  stop: 10_000,
  cleanup: 10_000,
} as const;

export type StepLimits = { readonly [step in keyof typeof STEP_LIMITS]: number };

const STEP_NAMES = {
  load: "Loading",
  initialize: "Initializing",
  start: "Starting",
  catalog: "Reading its lists",
  stop: "Stopping",
  cleanup: "Cleaning up",
} as const;

export interface PluginInstanceDeps extends PrepareDeps {
  readonly host: PluginHost;
  readonly engine: SchemaEngine;
  readonly logger: Logger;
  readonly time: Time;
  readonly limits: StepLimits;
  /** Services bound to this instance; the lifecycle adds the change notices. */
  readonly services: Omit<HostServices, "changed" | "resourceUpdated" | "logger">;
  readonly onCatalogChanged: () => void;
  readonly onResourceUpdated: (uri: string) => void;
}

/** Why an instance does not run. `retry`: whether trying again with the same code and settings may help. */
export interface InstanceError {
  readonly message: string;
  readonly retry: boolean;
}

/**
 * One plugin instance and its way through the states. Its methods never throw for what the plugin does: they end in
 * `failed` with the reason. Callers (the manager) never run two of them at once.
 */
export class PluginInstance {
  readonly registered: RegisteredInstance;
  readonly #deps: PluginInstanceDeps;
  #state: PluginState = "stopped";
  #error: InstanceError | null = null;
  #info: PluginInfo | null = null;
  #plugin: HostedPlugin | null = null;
  #run: PluginRun | null = null;
  #catalog: PreparedCatalog | null = null;

  constructor(registered: RegisteredInstance, deps: PluginInstanceDeps) {
    this.registered = registered;
    this.#deps = deps;
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
  /** `null` unless running. */
  get catalog(): PreparedCatalog | null {
    return this.#catalog;
  }

  /** Loads the code; runs none of its lifecycle. */
  async load(): Promise<void> {
    this.#move("loading");
    this.#error = null;
    const { registered, id } = this;
    if (registered.package === null) {
      this.#fail(registered.error ?? "Its package was not found.", false);
      return;
    }
    const { entry } = registered.package;
    const loaded = await this.#step("load", false, () =>
      this.#deps.host.load({ instanceId: id, entry }, this.#hostServices()),
    );
    if (loaded === null) return;
    this.#plugin = loaded.value;
    this.#info = loaded.value.info;
    this.#move("loaded");
  }

  /** Initializes and starts a loaded plugin with settings that satisfy its schema. */
  async start(): Promise<void> {
    const plugin = this.#plugin;
    if (plugin === null) throw new AppError("PLUGIN_STATE", `Plugin "${this.id}" is not loaded.`);
    let config: unknown;
    try {
      config = this.#validConfig(plugin.info);
    } catch (error) {
      this.#fail(messageOf(error), false);
      return;
    }
    this.#move("initializing");
    if ((await this.#step("initialize", true, () => plugin.initialize(config))) === null) return;
    this.#move("starting");
    if ((await this.#step("start", true, () => plugin.start())) === null) return;
    const run = new PluginRun(this.id, plugin, this.#deps.time);
    const prepared = await this.#step("catalog", true, () => this.#prepare(run));
    if (prepared === null) return;
    const catalog = prepared.value;
    this.#run = run;
    this.#catalog = catalog;
    this.#move("running");
    this.#deps.logger.info("Plugin is running", {
      tools: catalog.tools.length,
      version: plugin.info.version,
    });
    for (const { kind, name, reason } of catalog.quarantined) {
      this.#deps.logger.warn(`Quarantined a ${kind}: ${reason}`, { name });
    }
  }

  /** Stops a running plugin after its calls in flight. What it does wrong on the way is logged. */
  async stop(): Promise<void> {
    const plugin = this.#plugin;
    const run = this.#run;
    if (this.#state === "running" && plugin !== null && run !== null) {
      this.#move("stopping");
      this.#run = null;
      this.#catalog = null;
      await run.drain(this.#deps.limits.drain);
      await this.#quietly("stop", () => plugin.stop());
      this.#move("cleaning");
      await this.#quietly("cleanup", () => plugin.cleanup());
    }
    this.#plugin = null;
    if (this.#state !== "stopped") this.#move("stopped");
  }

  /** Waits for a dependency, or will never have it. */
  block(reason: string): void {
    this.#move("blocked");
    this.#error = { message: reason, retry: false };
  }

  /** Takes over what the plugin offers now. A list that cannot be read leaves the old one in force. */
  async refreshCatalog(): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    try {
      const catalog = await withDeadline(
        () => this.#prepare(run),
        this.#deps.limits.catalog,
        STEP_NAMES.catalog,
        this.#deps.time,
      );
      if (this.#run === run) this.#catalog = catalog;
    } catch (error) {
      this.#deps.logger.error("Could not read the changed lists of a plugin", {
        error: messageOf(error),
      });
    }
  }

  /** Takes a tool out of the catalog after the fact: its schema turned out not to compile. */
  quarantineTool(name: string, reason: string): void {
    if (this.#catalog === null) return;
    const { tools, quarantined } = this.#catalog;
    this.#catalog = {
      ...this.#catalog,
      tools: tools.filter((tool) => tool.ownName !== name),
      quarantined: [...quarantined, { kind: "tool", name, reason }],
    };
    this.#deps.logger.warn(`Quarantined a tool: ${reason}`, { name });
  }

  async #prepare(run: PluginRun): Promise<PreparedCatalog> {
    const offer = await run.plugin.catalog();
    return prepareCatalog(run, this.registered.settings.toolPrefix, offer, this.#deps);
  }

  #validConfig(info: PluginInfo): unknown {
    const schema = this.registered.package?.manifest?.config ?? info.configSchema;
    const config: unknown = structuredClone(this.registered.settings.config);
    if (schema === null) return config;
    const fault = this.#deps.engine.compile(schema, { fillDefaults: true })(config);
    if (fault !== null) {
      throw new AppError("CONFIG_INVALID", `Its settings are not valid: ${fault}.`);
    }
    return config;
  }

  #hostServices(): HostServices {
    return {
      ...this.#deps.services,
      logger: this.#deps.logger,
      changed: () => this.#deps.onCatalogChanged(),
      resourceUpdated: (uri) => this.#deps.onResourceUpdated(uri),
    };
  }

  #move(to: PluginState): void {
    assertMove(this.id, this.#state, to);
    this.#state = to;
  }

  #fail(message: string, retry: boolean, cause?: unknown): void {
    this.#move("failed");
    this.#error = { message, retry };
    this.#plugin = null;
    this.#deps.logger.error(message, cause instanceof Error ? { stack: cause.stack } : {});
  }

  /** Runs one step within its time. A step that fails ends the life in `failed` and answers `null`. */
  async #step<T>(
    step: keyof typeof STEP_NAMES,
    retry: boolean,
    work: () => Promise<T>,
  ): Promise<{ readonly value: T } | null> {
    try {
      const { limits, time } = this.#deps;
      return { value: await withDeadline(work, limits[step], STEP_NAMES[step], time) };
    } catch (error) {
      if (this.#state !== "loading") await this.#cleanUp();
      this.#fail(`${STEP_NAMES[step]} failed: ${messageOf(error)}`, retry, error);
      return null;
    }
  }

  /** Gives a plugin that could not start the chance to let go of what it holds. */
  async #cleanUp(): Promise<void> {
    const plugin = this.#plugin;
    this.#move("cleaning");
    if (plugin !== null) await this.#quietly("cleanup", () => plugin.cleanup());
  }

  async #quietly(step: "stop" | "cleanup", work: () => Promise<void>): Promise<void> {
    try {
      await withDeadline(work, this.#deps.limits[step], STEP_NAMES[step], this.#deps.time);
    } catch (error) {
      this.#deps.logger.warn(`${STEP_NAMES[step]} failed: ${messageOf(error)}`);
    }
  }
}
