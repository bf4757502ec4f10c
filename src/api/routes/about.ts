import * as z from "zod";
import type { ServerIdentity } from "../../core/plugin-mcp-server.ts";
import { defineRoute } from "../define-route.ts";
import type { Route } from "../route-table.ts";
import { time } from "../schemas.ts";

const about = z
  .object({
    name: z.string(),
    version: z.string(),
    startedAt: time,
    url: z.string().meta({ description: "Where browsers find this server." }),
    mcpUrl: z.string().meta({ description: "What MCP clients are configured with." }),
    protocolVersions: z.array(z.string()),
    auth: z.enum(["keys", "none"]).meta({ description: "Whether MCP clients need a key." }),
    transports: z.array(z.string()),
  })
  .meta({ id: "About" });

export interface AboutRoutesDeps {
  readonly identity: ServerIdentity;
  readonly startedAt: number;
  readonly publicUrl: () => string;
  readonly auth: "keys" | "none";
  readonly protocolVersions: readonly string[];
  readonly transports: readonly string[];
}

/** `/api/about`: which server this is, and how clients reach it. */
export function aboutRoutes({ identity, publicUrl, ...rest }: AboutRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/about",
      policy: "self",
      summary: "Says which server this is, and how clients reach it.",
      answers: { 200: about },
      handle() {
        const url = publicUrl();
        const { name, version } = identity;
        return Response.json({ name, version, url, mcpUrl: `${url}/mcp`, ...rest });
      },
    }),
  ];
}
