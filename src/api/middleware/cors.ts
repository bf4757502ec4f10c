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
  if (origin === null || !isPreflight({ method, headers })) return null;
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

/** Whether a browser asks whether a page may send a request. */
export function isPreflight({ method, headers }: Pick<Request, "method" | "headers">): boolean {
  return (
    method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method")
  );
}

/** The answer to such a question about what every page may read: no cookie comes along, and no `Authorization`. */
export function publishedPreflight(request: Pick<Request, "method" | "headers">): Response | null {
  if (!isPreflight(request)) return null;
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "*",
      "access-control-max-age": "600",
    },
  });
}

/** Lets every page read the answer. */
export function allowEverybody({ headers }: Response): void {
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  headers.set("cross-origin-resource-policy", "cross-origin");
}

/** Lets pages of that origin read the answer: of that one alone, and without cookies. */
export function allowOrigin({ headers }: Response, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  headers.set("cross-origin-resource-policy", "cross-origin");
  headers.append("vary", "Origin");
}
