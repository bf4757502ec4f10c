import type { OutboundResponse } from "../types/outbound.ts";

/** Statuses whose answers have no body, not even an empty one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** A `Response` with the whole body in it, that knows where it came from. */
export function toFetchResponse({ status, headers, body, url }: OutboundResponse): Response {
  const response = new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers });
  return Object.defineProperty(response, "url", { value: url });
}
