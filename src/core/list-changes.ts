import type { ServerNotifier } from "@modelcontextprotocol/server";
import type { PluginManager } from "./plugin-manager.ts";
import type { PluginMcpServer } from "./plugin-mcp-server.ts";
import type { Catalog } from "./tool-catalog.ts";

/**
 * Tells every client what changed: 2026-07-28 listeners over HTTP through the SDK's notifier, sessions and channels one by one.
 * A list that is the same as before is not announced.
 */
export function announceChanges(
  manager: PluginManager,
  notify: ServerNotifier,
  sessions: () => readonly PluginMcpServer[],
): () => void {
  const tell = (send: (server: PluginMcpServer["server"]) => Promise<void>) => {
    for (const { server } of sessions()) void send(server).catch(ignore);
  };
  let known = fingerprint(manager.catalog);
  return manager.subscribe({
    catalogChanged(catalog) {
      const now = fingerprint(catalog);
      const before = known;
      known = now;
      if (now.tools !== before.tools) {
        notify.toolsChanged();
        tell((server) => server.sendToolListChanged());
      }
      if (now.prompts !== before.prompts) {
        notify.promptsChanged();
        tell((server) => server.sendPromptListChanged());
      }
      if (now.resources !== before.resources) {
        notify.resourcesChanged();
        tell((server) => server.sendResourceListChanged());
      }
    },
    resourceUpdated(uri) {
      notify.resourceUpdated(uri);
      for (const server of sessions()) {
        if (server.watches(uri)) {
          void server.server.sendResourceUpdated({ uri }).catch(ignore);
        }
      }
    },
  });
}

function fingerprint({ tools, prompts, resources, templates }: Catalog) {
  const text = (items: Iterable<{ readonly definition: unknown }>) =>
    JSON.stringify([...items].map(({ definition }) => definition));
  return {
    tools: text(tools.values()),
    prompts: text(prompts.values()),
    resources: text(resources.values()) + text(templates),
  };
}

/** A session that closed meanwhile has nobody left to tell. */
function ignore(): void {}
