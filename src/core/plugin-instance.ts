import { AppError, messageOf, stackOf } from "../errors.ts";
import type { MissingCredential } from "../types/auth.ts";
import type { HostServices, HostedPlugin, PluginInfo } from "../types/host.ts";
import type { JsonSchema } from "../types/json.ts";
import type { Owner } from "../types/vault.ts";
import { isSecretField, type AuthConfig } from "./auth-config.ts";
import { MAX_CALL_MS } from "./call-limits.ts";
import { findMissing, requiredFields } from "./credential-needs.ts";
import { secretTexts } from "./hidden-settings.ts";
import { openHeld } from "./held-run.ts";
import { LiveCatalog, type CatalogSource } from "./live-catalog.ts";
import { createOwnerObjects } from "./owner-lives.ts";
import { OwnerObjects } from "./owner-objects.ts";
import type { PreparedCatalog } from "./plugin-catalog.ts";
import type { InstanceError, PluginInstanceDeps } from "./plugin-instance-deps.ts";
import { folderOf, loadPlugin, mayLoadLater } from "./plugin-load.ts";
import { PluginRun, type CallRun } from "./plugin-run.ts";
import type { OAuthInstance } from "./auth/oauth-specs.ts";
import { createDesk, type PluginDesk } from "./plugin-services.ts";
import { assertMove, type PluginState } from "./plugin-state.ts";
import { runQuietly, runStep } from "./plugin-steps.ts";
import type { RegisteredInstance } from "./registry.ts";
import { checkSettings } from "./settings-check.ts";
import { utf8 } from "../util/bytes.ts";
import { placeOf } from "../util/error-place.ts";

/** For requests that looked their tool up just before a reload and have not reached the plugin yet. */
const STRAGGLERS_MS = 1_000;

/**
 * One plugin instance and its way through the states. `load`, `start` and `stop` never reject for what the plugin does:
 * they end in `failed` with the reason. The caller (the manager) never runs two of them at once.
 */
export class PluginInstance {
  readonly registered: RegisteredInstance;
  readonly #deps: PluginInstanceDeps;
  #state: PluginState = "stopped";
  #error: InstanceError | null = null;
  #info: PluginInfo | null = null;
  #plugin: HostedPlugin | null = null;
  #auth: AuthConfig | null = null;
  #desk: PluginDesk | null = null;
  #missing: readonly MissingCredential[] = [];
  #run: CallRun | null = null;
  readonly #offer: LiveCatalog;
  readonly #abandoned = Promise.withResolvers<never>();
  #isAbandoned = false;
  #releasing: Promise<void> | null = null;

  constructor(registered: RegisteredInstance, deps: PluginInstanceDeps) {
    this.registered = registered;
    this.#deps = deps;
    this.#offer = new LiveCatalog({
      ...deps,
      toolPrefix: registered.settings.toolPrefix,
      source: () => this.#source(),
    });
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
  /** How it authenticates; known once it was loaded. */
  get auth(): AuthConfig | null {
    return this.#auth;
  }
  /** Whose accounts it connects to, and as which client; `null` when to none. */
  get oauth(): OAuthInstance | null {
    const { oauth: declared, owner } = this.#auth ?? { oauth: null, owner: "shared" };
    return declared && { declared, owner, settings: this.registered.settings.oauth };
  }
  /** What it waits for in `needs-credentials`. */
  get missing(): readonly MissingCredential[] {
    return this.#missing;
  }
  get run(): CallRun | null {
    return this.#run;
  }
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }
  /** `null` unless running, or waiting for credentials: then it has tools alone. */
  get catalog(): PreparedCatalog | null {
    return this.#offer.current;
  }

  /** Loads the code; runs none of its lifecycle. */
  async load(): Promise<void> {
    this.#move("loading");
    this.#error = null;
    const { host, owner } = this.#deps;
    let whose = owner;
    const desk = createDesk({
      ...this.#deps,
      instanceId: this.id,
      ownerOf: () => whose,
      isSecret: (name) => isSecretField(this.#auth, name),
      accountOf: (account) => {
        const { oauth } = this;
        return oauth && this.#deps.accounts.open(this.id, oauth, account);
      },
    });
    const services = this.#hostServices(desk);
    try {
      const loaded = await loadPlugin(this.registered, host, owner, services, (work) =>
        this.#step("load", work),
      );
      this.#plugin = loaded.plugin;
      this.#auth = loaded.auth;
    } catch (error) {
      this.#note(messageOf(error), mayLoadLater(error, host), error);
      this.#move("failed");
      return;
    }
    // Before it was known whose they are, it had none.
    whose ??= this.#isUsers ? null : "shared";
    this.#desk = desk;
    const plugin = this.#plugin;
    plugin.ended.then(
      (reason) => this.#deps.onEnded(plugin, messageOf(reason)),
      () => {},
    );
    this.#info = plugin.info;
    this.#move("loaded");
  }

  /**
   * Initializes and starts a loaded plugin with settings that satisfy its schema; or holds it in `needs-credentials`, if it
   * cannot do without some that nobody has stored.
   */
  async start(): Promise<void> {
    const plugin = this.#plugin;
    if (plugin === null) throw new AppError("PLUGIN_STATE", `Plugin "${this.id}" is not loaded.`);
    const { settings, package: code } = this.registered;
    const schemas = [code?.manifest?.config, plugin.info.configSchema];
    const config = checkSettings(settings.config, schemas, this.#deps.engine);
    if (!config.ok) {
      this.#note(config.reason.sentence, false);
      return this.#release("failed");
    }
    this.#learnSecrets(config.value, schemas);
    this.#error = null;
    try {
      await this.lookAgain();
      if (this.#missing.length > 0) return await this.#hold();
      this.#move("initializing");
      await this.#step("initialize", () => plugin.initialize(config.value));
      this.#move("starting");
      // What gives the catalog of its users' objects works for nobody.
      if (!this.#isUsers) await this.#step("start", () => plugin.start());
      await this.#goLive();
    } catch (error) {
      this.#note(messageOf(error), true, error);
      return this.#release("failed");
    }
  }

  /** What its settings mark as secret must not be in what it says, to clients or in errors. */
  #learnSecrets(config: unknown, schemas: readonly (JsonSchema | null | undefined)[]): void {
    const known = schemas.filter((schema) => schema !== null && schema !== undefined);
    for (const text of secretTexts(config as Record<string, unknown>, known)) {
      for (const scrubber of [this.#deps.scrubber, this.#desk!.handedOut]) {
        scrubber.learn(utf8(text));
      }
    }
  }

  /**
   * Finds out which credentials it lacks, as `missing` says then.
   *
   * @throws Error when the vault does not answer
   */
  async lookAgain(): Promise<void> {
    if (this.#deps.owner !== null || this.#isUsers) return;
    const missing = () => this.#findMissing("shared");
    this.#missing = await runStep("credentials", missing, this.#deps);
  }

  /** A credential was stored or deleted. Answers whether that may decide if it can run. */
  takeCredentialChange(owner: Owner, name: string): boolean {
    const isRequired = requiredFields(this.#auth).some((field) => field.name === name);
    if (this.#run instanceof OwnerObjects) this.#run.takeCredentialChange(owner, name, isRequired);
    return isRequired && owner === "shared" && !this.#isUsers;
  }

  /** Whether a change of a credential is one that its plugin makes itself; asked once for each change. */
  hasWritten(name: string): boolean {
    return this.#desk?.ownWrites.take(name) ?? false;
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
    this.#run = null;
    this.#offer.current = null;
    if (this.#error?.message === reason) return;
    this.#error = { message: reason, retry: false };
    this.#deps.logger.warn(`Plugin does not start: ${reason}`);
  }

  /**
   * Takes a tool out of the catalog after the fact: its schema turned out not to compile. Answers whether the catalog
   * is another one now.
   */
  quarantineTool(name: string, reason: string): boolean {
    return this.#offer.quarantine(name, reason);
  }

  async #goLive(): Promise<void> {
    const plugin = this.#plugin!;
    const { owner, logger, time } = this.#deps;
    const run =
      this.#isUsers && owner === null
        ? this.#createPool()
        : new PluginRun(this.id, plugin, this.#desk!, time);
    // What its users see is the instance's own list.
    const catalog = owner === null ? await this.#offer.read({ plugin, run }) : null;
    this.#run = run;
    this.#offer.current = catalog;
    this.#move("running");
    if (catalog === null) return logger.debug("A user's plugin object is running");
    const { version } = plugin.info;
    logger.info("Plugin is running", { tools: catalog.tools.length, version });
    this.#offer.catchUp();
  }

  /** Lists its tools, whose calls say what is missing. */
  async #hold(): Promise<void> {
    if (this.#state === "needs-credentials") return;
    const { logger, onHeldCall } = this.#deps;
    const held = await openHeld({
      instanceId: this.id,
      resume: onHeldCall,
      missing: () => this.#missing,
      catalog: () => this.catalog,
      handedOut: this.#desk!.handedOut,
      read: (run) => this.#offer.read({ plugin: this.#plugin!, run }),
      logger,
    });
    if (held !== null) [this.#run, this.#offer.current] = [held.run, held.catalog];
    const missing = this.#missing.map(({ name }) => name);
    this.#move("needs-credentials");
    logger.warn("Plugin needs credentials", { missing });
  }

  get #isUsers(): boolean {
    return this.#deps.owner === null && this.#auth?.owner === "user";
  }

  #findMissing(owner: Owner): Promise<readonly MissingCredential[]> {
    const actor = { actor: `plugin:${this.id}`, requestId: null };
    return findMissing(this.#auth, this.id, this.#deps.vault.for(owner, actor));
  }

  #createPool(): OwnerObjects {
    const findTheirs = (owner: Owner) => this.#findMissing(owner);
    const createLife = (deps: PluginInstanceDeps) => new PluginInstance(this.registered, deps);
    return createOwnerObjects(this.id, this.#deps, findTheirs, createLife);
  }

  /** What it offers now, if that may change: a user's object offers nothing of its own. */
  #source(): CatalogSource | null {
    const [plugin, run] = [this.#plugin, this.#run];
    const isOffered = this.#state === "running" && this.#deps.owner === null;
    return isOffered && plugin !== null && run !== null ? { plugin, run } : null;
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
    this.#run = null;
    this.#offer.current = null;
    if (this.#state === "starting" || this.#state === "running") {
      this.#move("stopping");
      await run?.drain(this.#deps.limits.drain);
      await run?.close?.();
      await runQuietly("stop", async () => plugin?.stop(), this.#deps);
    }
    this.#move("cleaning");
    await runQuietly("cleanup", async () => plugin?.cleanup(), this.#deps);
    this.#plugin = null;
    this.#missing = [];
    this.#move(end);
  }

  #hostServices({ services }: PluginDesk): HostServices {
    return {
      ...services,
      logger: this.#deps.logger,
      changed: () => this.#offer.notice(),
      resourceUpdated: (uri) => {
        if (this.#run !== null) this.#deps.onResourceUpdated(uri);
      },
    };
  }

  #move(to: PluginState): void {
    const before = this.#state;
    assertMove(this.id, before, to);
    this.#state = to;
    if (this.#deps.owner === null) this.#deps.onMoved(before, to);
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
}
