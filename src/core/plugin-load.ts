import { AppError } from "../errors.ts";
import type { HostedPlugin, HostServices, PluginHost, PluginSource } from "../types/host.ts";
import type { RegisteredInstance } from "./registry.ts";
import { readAuthConfig, type AuthConfig } from "./auth-config.ts";

export interface LoadedPlugin {
  readonly plugin: HostedPlugin;
  readonly auth: AuthConfig | null;
}

/**
 * Loads an instance's code and reads how it authenticates. Runs none of its lifecycle.
 *
 * @param inTime runs the loading as a step with a time limit
 * @throws Error that says why it cannot be loaded
 */
export async function loadPlugin(
  { package: code, error, settings }: RegisteredInstance,
  host: PluginHost | null,
  owner: PluginSource["owner"] | null,
  services: HostServices,
  inTime: (work: () => Promise<HostedPlugin>) => Promise<HostedPlugin>,
): Promise<LoadedPlugin> {
  if (code === null) throw new Error(error ?? "Its package was not found.");
  if (host === null) throw new Error(`This server cannot run plugins in "${settings.host}".`);
  const source = { instanceId: settings.id, entry: code.entry, ...(owner && { owner }) };
  const loading = Promise.resolve().then(() => host.load(source, services));
  let plugin: HostedPlugin;
  try {
    plugin = await inTime(() => loading);
  } catch (fault) {
    // One that comes after its time is let go at once.
    loading.then((late) => late.cleanup()).catch(() => {});
    throw fault;
  }
  const auth = readAuthConfig(code.manifest?.auth, plugin.info.auth);
  if (auth.ok) return { plugin, auth: auth.value };
  await plugin.cleanup().catch(() => {});
  throw new Error(auth.reason);
}

/**
 * Code that threw will do so again. A thread that took too long or died while it loaded may have had a bad moment; in the
 * server's own thread, the same import would still be under way.
 */
export function mayLoadLater(error: unknown, host: PluginHost | null): boolean {
  const cause = error instanceof Error ? error.cause : null;
  const code = cause instanceof AppError ? cause.code : null;
  const passes = code === "PLUGIN_TIMEOUT" || code === "PLUGIN_UNAVAILABLE";
  return passes && host?.overlaps === true;
}

/** Where its files lie, as stacks have it. What has no folder gets a name that no path begins with. */
export function folderOf({ package: code }: RegisteredInstance): string {
  if (code === null || !URL.canParse(code.entry)) return "\0";
  const own = code.manifest?.entry.slice("./".length);
  const folder =
    own !== undefined && code.entry.endsWith(`/${own}`)
      ? code.entry.slice(0, -own.length)
      : new URL(".", code.entry).href;
  return decodeURIComponent(new URL(folder).pathname);
}
