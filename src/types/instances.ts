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
  /** A file entry that was deleted through the API. */
  readonly removed: boolean;
}

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

export interface InstanceStore {
  list(): Promise<readonly StoredInstance[]>;
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
