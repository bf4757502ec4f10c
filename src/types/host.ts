import type { PluginAuthConfig } from "./auth.ts";
import type { JsonSchema } from "./json.ts";
import type {
  ClientInfo,
  CallInput,
  CompletionRequest,
  InputRequest,
  LogLevel,
  PluginContext,
  Prompt,
  Resource,
  ResourceTemplate,
  Tool,
} from "./plugin.ts";
import type { Principal } from "./principal.ts";
import type { Owner } from "./vault.ts";

/**
 * Where a plugin runs. The manager speaks to a plugin through this port alone, so in-process, worker thread,
 * child process and sandbox are drivers of one contract (`test/contract/plugin-host.ts`). Values that cross it are
 * JSON in every driver; a driver must not let a plugin's fault reach another plugin's calls if its mechanism can help it.
 */
export interface PluginHost {
  readonly kind: HostKind;
  /**
   * Whether a new life of an instance may begin while its old one goes on. Where it may not, a reload stops the old one
   * first.
   */
  readonly overlaps: boolean;
  /** Loads the code and makes the plugin object; runs none of its lifecycle. Rejects with what the code threw. */
  load(source: PluginSource, services: HostServices): Promise<HostedPlugin>;
}

export type HostKind = "in-process" | "worker";

/** Which code to load. */
export interface PluginSource {
  readonly instanceId: string;
  /** Whose object it will be, where an instance has one for each; left out for the one that it always has. */
  readonly owner?: Owner;
  /** What the runtime's module loader understands: a `file:` URL on Node, a name in the bundle on Workers. */
  readonly entry: string;
}

/**
 * A loaded plugin. `initialize`, `start`, `stop` and `cleanup` are called once each at most, in that order.
 *
 * `cleanup` ends every life, also one that never began, so that the driver lets go of the code. `stop` and `cleanup`
 * may come while an earlier step still runs that has outlived its time: the driver lets that end before it goes on
 * (only a `stop` that does not end delays no `cleanup`), and undoes only what was begun.
 */
export interface HostedPlugin {
  readonly info: PluginInfo;
  /**
   * Resolves with the reason when the plugin is gone although nobody asked for it: its thread ended, or the driver ended
   * it because it misbehaved. Calls and steps under way have been rejected by then. Otherwise it never settles.
   */
  readonly ended: Promise<Error>;
  /** `config` has passed the plugin's schema. */
  initialize(config: unknown): Promise<void>;
  start(): Promise<void>;
  /** What the plugin offers now; before `initialize`, its tools alone. */
  catalog(): Promise<PluginCatalog>;
  call(call: HostCall, events: CallEvents): Promise<CallOutcome>;
  stop(): Promise<void>;
  cleanup(): Promise<void>;
  /** Ends the plugin at once, whatever it is doing, where the driver can. What is under way rejects. */
  abandon?(): Promise<void>;
}

export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly dependencies: readonly string[];
  readonly configSchema: JsonSchema | null;
  readonly auth: PluginAuthConfig | null;
}

export interface PluginCatalog {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  readonly prompts: readonly Prompt[];
  /** What the plugin offered and could not be taken over. */
  readonly faults: readonly CatalogFault[];
}

/** Something that a plugin offers and no client sees, and why. */
export interface CatalogFault {
  readonly kind: "tool" | "resource" | "resource template" | "prompt";
  readonly name: string;
  readonly reason: string;
}

/** What the host does for a plugin instance; already bound to it, so that no message names one. */
export type HostServices = Readonly<Omit<PluginContext, "pluginId" | "config">>;

/** One call. Names and URIs are the plugin's own, without the instance's prefix. */
export type HostCall = {
  readonly requestId: string;
  readonly principal: Principal;
  readonly client: ClientInfo;
  readonly input: CallInput | null;
} & (
  | { readonly kind: "tool"; readonly name: string; readonly args: Record<string, unknown> }
  | { readonly kind: "resource"; readonly uri: string }
  | { readonly kind: "prompt"; readonly name: string; readonly args: Record<string, string> }
  | { readonly kind: "complete"; readonly request: CompletionRequest }
);

/** What a running call may send back before its result. */
export interface CallEvents {
  readonly signal: AbortSignal;
  progress(progress: number, total?: number, message?: string): void;
  log(level: LogLevel, data: unknown): void;
  closeStream(): void;
}

/**
 * How a call ended, as far as the plugin has a say. A plugin that throws anything but a `ToolError` makes
 * `call` reject.
 */
export type CallOutcome =
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "tool-error"; readonly message: string; readonly data?: unknown }
  | {
      readonly kind: "input-required";
      readonly inputRequests: Readonly<Record<string, InputRequest>> | null;
      readonly state: unknown;
    };
