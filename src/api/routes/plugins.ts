import type { PluginManager } from "../../core/plugin-manager.ts";
import type { Registry } from "../../core/registry.ts";
import type { Route } from "../route-table.ts";

/** `GET /api/plugins`: the instances with their state, and the packages that no instance uses. */
export function pluginRoutes(manager: PluginManager, registry: Registry): Route[] {
  return [
    {
      method: "GET",
      path: "/api/plugins",
      policy: "admin",
      handle: () =>
        Response.json({
          data: manager.statuses(),
          available: registry.available.map(({ ref }) => ({ package: ref })),
        }),
    },
  ];
}
