/** One field of a plugin's authentication: what a person is asked for. */
export interface PluginAuthField {
  type: "string" | "password" | "url";
  required: boolean;
  description: string;
  /** Checked on the value a person enters. Crosses process boundaries as source and flags. */
  validation?: RegExp | { source: string; flags?: string };
}

/**
 * How a plugin authenticates to the service behind it.
 *
 * `owner` says whose credentials these are: `shared` (the default) is one set for everyone who may use the
 * instance, `user` is one set per caller.
 */
export interface PluginAuthConfig {
  type: "api-key" | "oauth2" | "jwt" | "custom";
  required: boolean;
  fields: { [key: string]: PluginAuthField };
  owner?: "shared" | "user";
}

/** Where a plugin instance's credentials are read and written. Absent is `null`. */
export interface CredentialSource {
  get(instanceId: string, key: string): Promise<string | null>;
  set(instanceId: string, key: string, value: string): Promise<void>;
}
