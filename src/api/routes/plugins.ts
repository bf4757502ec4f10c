import * as z from "zod";
import type { PluginManager } from "../../core/plugin-manager.ts";
import { defineRoute } from "../define-route.ts";
import type { Route } from "../route-table.ts";

const status = z
  .looseObject({ id: z.string(), package: z.string(), enabled: z.boolean(), state: z.string() })
  .meta({ id: "PluginStatus" });

/** `GET /api/plugins`: the instances with their state, and the packages that no instance uses. */
export function pluginRoutes(manager: PluginManager): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/plugins",
      policy: "plugins:read",
      summary: "Lists the plugin instances with their state, and the packages that none uses.",
      answers: {
        200: z.object({
          data: z.array(status),
          available: z.array(z.object({ package: z.string() })),
        }),
      },
      handle: () =>
        Response.json({
          data: manager.statuses(),
          available: manager.registry.available.map(({ ref }) => ({ package: ref })),
        }),
    }),
  ];
}
