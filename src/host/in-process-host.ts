import type { PluginHost } from "../types/host.ts";
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
  return {
    kind: "in-process",
    async load({ instanceId, entry }, services) {
      return hostPlugin(await toPlugin(await importModule(entry)), instanceId, services);
    },
  };
}
