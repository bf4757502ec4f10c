import * as z from "zod";
import {
  RESOURCE_METADATA_PATH,
  resourceMetadataUrl,
  resourceUri,
} from "../../core/auth/protected-resource.ts";
import { namesOffered, type ScopeNaming } from "../../core/auth/scope-names.ts";
import { defineRoute } from "../define-route.ts";
import type { Route } from "../route-table.ts";

export interface ProtectedResourceDeps {
  /** None when this server takes no access tokens of others: then there is nothing to tell. */
  readonly issuers: readonly ScopeNaming[];
  readonly publicUrl: () => string;
  /** What people are told that they let a client use. */
  readonly name: string;
}

const metadata = z
  .object({
    resource: z.string().meta({ description: "What tokens must be for (RFC 8707)." }),
    authorization_servers: z.array(z.string()).min(1),
    scopes_supported: z.array(z.string()).optional(),
    bearer_methods_supported: z.array(z.string()),
    resource_name: z.string(),
  })
  .meta({ id: "ProtectedResource" });

/** Where clients learn whose tokens are taken at `/mcp`: RFC 9728, at its own path and at the one that MCP adds. */
export function protectedResourceRoutes({
  issuers,
  publicUrl,
  name,
}: ProtectedResourceDeps): Route[] {
  if (issuers.length === 0) return [];
  const scopes = namesOffered(issuers);
  const handle = () =>
    Response.json(
      {
        resource: resourceUri(publicUrl()),
        authorization_servers: issuers.map(({ issuer }) => issuer),
        ...(scopes.length > 0 && { scopes_supported: [...scopes] }),
        bearer_methods_supported: ["header"],
        resource_name: name,
      } satisfies z.infer<typeof metadata>,
      { headers: { "cache-control": "public, max-age=300" } },
    );
  const own = new URL(resourceMetadataUrl("http://localhost")).pathname;
  return [own, RESOURCE_METADATA_PATH].map((path) =>
    defineRoute({
      method: "GET",
      path,
      policy: "public",
      isPublished: true,
      summary: "Tells MCP clients which authorization servers issue tokens for this server.",
      answers: { 200: metadata },
      handle,
    }),
  );
}
