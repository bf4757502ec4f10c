import { AppError } from "../errors.ts";
import type { PluginHost } from "../types/host.ts";
import type { Owner } from "../types/vault.ts";
import { hostPlugin } from "./hosted-plugin.ts";
import { toPlugin } from "./plugin-object.ts";

export interface InProcessHostDeps {
  /** The runtime's module loader: `import()` on Node, a lookup among bundled modules on Workers. */
  readonly importModule: (entry: string) => Promise<unknown>;
}

/**
 * Runs plugins in the server's own thread: the fast path, for code that is trusted. The messages are plain function
 * calls. A plugin that blocks the thread or ends the process takes the server with it.
 */
export function createInProcessHost({ importModule }: InProcessHostDeps): PluginHost {
  // A module is loaded once, so instances of one package, and users of one instance, would share the object that it
  // exports, and with it the context, the settings and the credentials of whoever was initialized last.
  const holders = new WeakMap<
    object,
    { readonly instanceId: string; readonly owner: Owner | null }
  >();
  return {
    kind: "in-process",
    // A module that exports one object gives the same one again.
    overlaps: false,
    async load({ instanceId, owner = null, entry }, services) {
      const plugin = await toPlugin(await importModule(entry));
      const holder = holders.get(plugin) ?? { instanceId, owner };
      if (holder.instanceId !== instanceId || holder.owner !== owner) {
        const other = holder.instanceId === instanceId ? " for itself or another user" : "";
        const each = other === "" ? "each instance" : "each user";
        throw new AppError(
          "PLUGIN_INVALID",
          `Its module exports one plugin object, which the instance "${holder.instanceId}" uses${other}. Let it export the plugin's class or a function that returns the object, so that ${each} gets its own.`,
        );
      }
      holders.set(plugin, { instanceId, owner });
      const hosted = hostPlugin(plugin, instanceId, services);
      return {
        ...hosted,
        async cleanup() {
          try {
            await hosted.cleanup();
          } finally {
            holders.delete(plugin);
          }
        },
      };
    },
  };
}
