import { defineRoute } from "../define-route.ts";
import { openApiDocument, type OpenApiOptions } from "../openapi.ts";
import type { Route } from "../route-table.ts";

/** `/openapi.json`: what the other routes take and give. It says nothing that the documentation does not. */
export function openApiRoutes(routes: readonly Route[], options: OpenApiOptions): Route[] {
  let text: string | null = null;
  const own: Route = defineRoute({
    method: "GET",
    path: "/openapi.json",
    policy: "public",
    summary: "Describes this API.",
    answers: { 200: { type: "application/json" } },
    handle() {
      text ??= JSON.stringify(openApiDocument([...routes, own], options));
      return new Response(text, { headers: { "content-type": "application/json" } });
    },
  });
  return [own];
}
