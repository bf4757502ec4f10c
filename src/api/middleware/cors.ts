/** What browsers' MCP clients send, and pages of the admin API (protocol.mdx, "Protocol headers"). */
const ALLOWED_HEADERS = [
  "Authorization",
  "Content-Type",
  "Accept",
  "If-Match",
  "Last-Event-ID",
  "MCP-Protocol-Version",
  "Mcp-Method",
  "Mcp-Name",
  "Mcp-Session-Id",
];
const EXPOSED_HEADERS =
  "Mcp-Session-Id, WWW-Authenticate, ETag, Location, RateLimit, RateLimit-Policy, Retry-After";
/** Each a parameter of some tool's: `Mcp-Param-Region`. */
const PARAM_HEADER = /^mcp-param-[a-z0-9-]{1,64}$/i;

/**
 * The answer to a browser that asks whether a page may send a request; `null` for what is no such question. The gate has found
 * the origin to be one of those that may.
 */
export function preflight({
  method,
  headers,
}: Pick<Request, "method" | "headers">): Response | null {
  const origin = headers.get("origin");
  const wanted = headers.get("access-control-request-method");
  if (method !== "OPTIONS" || origin === null || wanted === null) return null;
  const named = (headers.get("access-control-request-headers") ?? "").split(",");
  const params = named.map((name) => name.trim()).filter((name) => PARAM_HEADER.test(name));
  const response = new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, PUT, DELETE",
      "access-control-allow-headers": [...ALLOWED_HEADERS, ...params].join(", "),
      "access-control-max-age": "600",
    },
  });
  allowOrigin(response, origin);
  return response;
}

/** Lets pages of that origin read the answer: of that one alone, and without cookies. */
export function allowOrigin({ headers }: Response, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  headers.set("cross-origin-resource-policy", "cross-origin");
  headers.append("vary", "Origin");
}
