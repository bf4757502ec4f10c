import type { HostKind } from "./host.ts";
import type { OAuthClientSettings } from "./oauth.ts";

/** One entry of `config/plugins.json`, as written. */
export interface InstanceEntry {
  readonly package: string;
  readonly enabled?: boolean | undefined;
  readonly toolPrefix?: string | undefined;
  readonly host?: HostKind | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly oauth?: OAuthClientSettings | undefined;
  readonly locked?: boolean | undefined;
}

/** What the API or the UI stored for an instance; `null` fields fall back to the file. */
export interface StoredInstance {
  readonly id: string;
  readonly package: string | null;
  readonly enabled: boolean | null;
  readonly toolPrefix: string | null;
  readonly host: HostKind | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly oauth: OAuthClientSettings | null;
  /** A file entry that was deleted through the API. */
  readonly removed: boolean;
  /** Another one after every change. */
  readonly rev: number;
}

/** Fields to store. What is left out stays as it is stored; `null` where nothing is. */
export type InstanceChanges = Partial<Omit<StoredInstance, "id" | "rev">>;

/** An instance with every setting decided. */
export interface InstanceSettings {
  readonly id: string;
  readonly package: string;
  readonly enabled: boolean;
  readonly toolPrefix: string;
  readonly host: HostKind;
  readonly config: Readonly<Record<string, unknown>>;
  readonly oauth: OAuthClientSettings;
  readonly locked: boolean;
}

/**
 * Settings of instances that came through the API. Every change compares before it sets, in one statement: `false` says that
 * somebody else came first and nothing was changed. Contract: `test/contract/instance-store.ts`.
 */
export interface InstanceStore {
  list(): Promise<readonly StoredInstance[]>;
  /** @param expected the revision that is stored; `null` for none */
  put(id: string, changes: InstanceChanges, expected: number | null): Promise<boolean>;
  remove(id: string, expected: number): Promise<boolean>;
}

/** What was set of a tool. It stays when its plugin has no such tool any more, which may come back. */
export interface ToolSetting {
  readonly instanceId: string;
  /** The plugin's own name of it. */
  readonly tool: string;
  readonly enabled: boolean;
  /** What clients call it; `null` for the plugin's name behind the instance's prefix. */
  readonly name: string | null;
  /** `null` for the plugin's own. */
  readonly description: string | null;
  readonly rev: number;
}

/** Compares before it sets, as `InstanceStore` does. */
export interface ToolSettingsStore {
  list(): Promise<readonly ToolSetting[]>;
  /** @param expected the revision that is stored; `null` for none */
  put(setting: Omit<ToolSetting, "rev">, expected: number | null): Promise<boolean>;
  /** Forgets all that was set of an instance's tools. */
  removeAll(instanceId: string): Promise<void>;
}

/** Plugin code on disk or in a bundle, described without running it. */
export interface PluginPackage {
  /** As an instance names it: `./folder` in the plugins folder, or an npm name. */
  readonly ref: string;
  readonly entry: string;
  readonly manifest: PluginManifest | null;
}

export interface PluginManifest {
  readonly apiVersion: 1;
  readonly entry: string;
  readonly permissions?: Readonly<Record<string, unknown>> | undefined;
  /** JSON Schema of the settings. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly auth?: Readonly<Record<string, unknown>> | undefined;
}

/** Finds plugin packages. An unreadable package is an `error` beside the others' `packages`. */
export interface PluginDiscovery {
  discover(refs: readonly string[]): Promise<{
    readonly packages: readonly PluginPackage[];
    readonly errors: readonly { readonly ref: string; readonly reason: string }[];
  }>;
}
