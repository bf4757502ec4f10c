import { stackOf } from "../errors.ts";
import type {
  CallEvents,
  CallOutcome,
  HostCall,
  HostedPlugin,
  HostServices,
  PluginInfo,
  PluginSource,
} from "../types/host.ts";
import type { Time } from "../types/runtime.ts";
import { waitAtMost, withDeadline } from "../util/deadline.ts";
import { createFloodGuard, type FloodGuard } from "./flood-guard.ts";
import { parsePluginMessage, type HostMessage, type PluginMessage } from "./host-messages.ts";
import { createLiveness, type Liveness } from "./liveness.ts";
import { PendingRequests, unavailable } from "./pending-requests.ts";
import { ENDS, fatalEnd } from "./plugin-end.ts";
import {
  isAnything,
  isCatalog,
  isOutcome,
  isPluginInfo,
  type AnswerCheck,
} from "./remote-answers.ts";
import { createRemoteServices, passOn, type RemoteServices } from "./remote-services.ts";
import { toWireError } from "./wire-error.ts";

/** What carries messages to a plugin's side and can end it: a thread, a process, a sandbox. */
export interface PluginLink {
  /** Sends a message. Never throws: one that is gone gets nothing. */
  post(text: string): void;
  /** Ends the plugin's side, whatever it is doing. Resolves when it is gone, or when waiting longer makes no sense. */
  close(): Promise<void>;
}

export interface LinkEvents {
  /** Something came from the plugin's side. */
  message(data: unknown): void;
  /** The plugin's side is gone, and why. */
  lost(reason: Error): void;
}

/** How long a plugin's side may take, in milliseconds. */
export interface RemoteLimits {
  readonly load: number;
  /** With whatever step it has to wait for. */
  readonly cleanup: number;
  /** Until it answers a ping, while something is expected of it. */
  readonly pong: number;
  /** Until the server forgets a call that was cancelled and is not answered. */
  readonly abandon: number;
}

const DEFAULT_LIMITS: RemoteLimits = {
  load: 30_000,
  cleanup: 10_000,
  pong: 10_000,
  abandon: 60_000,
};

export interface RemotePluginDeps {
  readonly open: (events: LinkEvents) => PluginLink;
  readonly services: HostServices;
  readonly time: Time;
  readonly limits?: Partial<RemoteLimits>;
  /** Hears of the files that the plugin's code consists of, as `file:` URLs, each at least once. */
  readonly onModules: (urls: readonly string[]) => void;
}

/**
 * Loads a plugin outside of the server's thread. Its side is ended when it cannot be loaded in time.
 *
 * @throws what its code threw, or AppError `PLUGIN_TIMEOUT` or `PLUGIN_UNAVAILABLE`
 */
export async function loadRemotePlugin(
  { instanceId, entry }: PluginSource,
  deps: RemotePluginDeps,
): Promise<HostedPlugin> {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const remote = new RemotePlugin({ ...deps, limits });
  try {
    const ask = () => remote.request({ type: "load", instanceId, entry }, isPluginInfo);
    return toHosted(await withDeadline(ask, limits.load, "Loading", deps.time), remote);
  } catch (error) {
    await remote.close();
    throw error;
  }
}

function toHosted(info: PluginInfo, remote: RemotePlugin): HostedPlugin {
  return {
    info,
    ended: remote.ended,
    initialize: (config) => remote.step({ type: "initialize", config }),
    start: () => remote.step({ type: "start" }),
    catalog: () => remote.request({ type: "catalog" }, isCatalog),
    call: (call, events) => remote.call(call, events),
    stop: () => remote.stop(),
    cleanup: () => remote.cleanup(),
    abandon: () => remote.close(),
  };
}

type Request = HostMessage extends infer Message
  ? Message extends { id: number }
    ? Omit<Message, "id">
    : never
  : never;

type Deps = RemotePluginDeps & { readonly limits: RemoteLimits };

/** The server's side of one plugin that runs elsewhere. Believes nothing of what comes from there. */
class RemotePlugin {
  readonly ended: Promise<Error>;
  readonly #deps: Deps;
  readonly #link: PluginLink;
  readonly #services: RemoteServices;
  readonly #liveness: Liveness;
  readonly #flood: FloodGuard;
  readonly #pending = new PendingRequests((reason) => this.#end(reason));
  readonly #resolveEnded: (reason: Error) => void;
  #stopping: Promise<void> | null = null;
  #cleanup: Promise<void> | null = null;
  #over = false;

  constructor(deps: Deps) {
    const { time, limits, services } = deps;
    this.#deps = deps;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#services = createRemoteServices(services, (message) => this.#post(message));
    this.#flood = createFloodGuard(time);
    this.#liveness = createLiveness({
      isBusy: () => this.#pending.size > 0,
      ping: () => this.#post({ type: "ping" }),
      onDead: () => this.#end(ENDS.silent(limits.pong)),
      pongMs: limits.pong,
      time,
    });
    this.#link = deps.open({
      message: (data) => this.#receive(data),
      lost: (reason) => this.#end(reason),
    });
  }

  request<T>(request: Request, accepts: AnswerCheck<T>, events: CallEvents | null = null) {
    return this.#request(this.#pending.nextId(), request, accepts, events);
  }

  async step(request: Request): Promise<void> {
    await this.request(request, isAnything);
  }

  async call(call: HostCall, events: CallEvents): Promise<CallOutcome> {
    const { signal } = events;
    const id = this.#pending.nextId();
    let keep = () => {};
    const cancel = () => void (keep = this.#cancel(id, signal.reason));
    const outcome = this.#request(id, { type: "call", call }, isOutcome, events);
    this.#flood.give();
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    try {
      return await outcome;
    } finally {
      signal.removeEventListener("abort", cancel);
      keep();
    }
  }

  async stop(): Promise<void> {
    if (this.#over) return;
    this.#stopping = this.step({ type: "stop" });
    try {
      await this.#stopping;
    } finally {
      this.#stopping = null;
    }
  }

  cleanup(): Promise<void> {
    // Whoever asks again only waits.
    if (this.#cleanup !== null) return this.#cleanup.catch(() => {});
    this.#cleanup = this.#over ? Promise.resolve() : this.#cleanUp();
    return this.#cleanup;
  }

  /** Ends the plugin's side, and with it what is still under way there. */
  async close(): Promise<void> {
    if (this.#over) return;
    this.#finish(new Error("It was stopped."));
    await this.#link.close();
  }

  async #cleanUp(): Promise<void> {
    const { time, limits } = this.#deps;
    try {
      await withDeadline(() => this.step({ type: "cleanup" }), limits.cleanup, "Cleaning up", time);
    } catch (error) {
      await this.close();
      throw error;
    }
    // A stop that goes on delays no cleanup, but may come to its end.
    if (this.#stopping === null) return this.close();
    const stopped = this.#stopping.catch(() => {});
    void waitAtMost(stopped, limits.cleanup, time).then(() => this.close());
  }

  #request<T>(
    id: number,
    request: Request,
    accepts: AnswerCheck<T>,
    events: CallEvents | null,
  ): Promise<T> {
    if (this.#over) return Promise.reject(unavailable(new Error("It is not running.")));
    return this.#pending.open(id, accepts, events, () => {
      this.#post({ ...request, id });
      this.#liveness.watch();
    });
  }

  /** Tells the plugin, and forgets the call if that does not end it. Answers how to keep it. */
  #cancel(id: number, reason: unknown): () => void {
    this.#post({ type: "cancel", id, reason: { ...toWireError(reason), stack: "" } });
    return this.#deps.time.after(this.#deps.limits.abandon, () => this.#pending.abandon(id));
  }

  #post(message: HostMessage): void {
    if (!this.#over) this.#link.post(JSON.stringify(message));
  }

  #receive(data: unknown): void {
    if (this.#over) return;
    const parsed = parsePluginMessage(data);
    if (!parsed.ok) return this.#end(ENDS.malformed(parsed.reason));
    const message = parsed.value;
    if (!this.#settles(message) && !this.#flood.take((data as string).length)) {
      return this.#end(ENDS.flooded());
    }
    try {
      this.#take(message);
    } catch (error) {
      // The server's own code failed at it. That must not end the server.
      const fields = { type: message.type, error: stackOf(error) };
      this.#deps.services.logger.error("A message of the plugin could not be taken", fields);
    }
  }

  /** Takes what the server waits for; answers whether this was it. */
  #settles(message: PluginMessage): boolean {
    if (message.type === "pong") return this.#liveness.pong();
    if (message.type !== "answer" && message.type !== "failure") return false;
    return this.#pending.settle(message);
  }

  #take(message: PluginMessage): void {
    const { services, onModules } = this.#deps;
    switch (message.type) {
      case "answer":
      case "failure":
      case "pong":
        // Of a call that is over, or never was.
        return;
      case "progress":
      case "call-log":
      case "close-stream": {
        const events = this.#pending.eventsOf(message.id);
        return events ? passOn(message, events) : undefined;
      }
      case "log":
        return services.logger[message.level](message.message, message.fields);
      case "ask":
        return this.#services.answer(message) ? undefined : this.#end(ENDS.flooded());
      case "cancel-ask":
        return this.#services.cancel(message.id);
      case "changed":
        return services.changed(message.list);
      case "resource-updated":
        return services.resourceUpdated(message.uri);
      case "modules":
        return onModules(message.urls);
      case "fatal":
        return this.#end(fatalEnd(message));
    }
  }

  /** The plugin is gone, or must go, although nobody asked for it. */
  #end(reason: Error): void {
    if (this.#over) return;
    this.#finish(reason);
    const gone = this.#link.close();
    if (this.#cleanup === null) void gone.then(() => this.#resolveEnded(reason));
  }

  #finish(reason: Error): void {
    this.#over = true;
    this.#liveness.stop();
    this.#services.close();
    this.#pending.abandonAll(reason);
  }
}
