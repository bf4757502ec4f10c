import type { PluginManager } from "../../core/plugin-manager.ts";
import type { Route } from "../route-table.ts";

/** `GET /api/plugins`: the instances with their state, and the packages that no instance uses. */
export function pluginRoutes(manager: PluginManager): Route[] {
  return [
    {
      method: "GET",
      path: "/api/plugins",
      policy: "plugins:read",
      handle: () =>
        Response.json({
          data: manager.statuses(),
          available: manager.registry.available.map(({ ref }) => ({ package: ref })),
        }),
    },
  ];
}
