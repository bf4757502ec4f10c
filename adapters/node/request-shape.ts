import type { IncomingMessage } from "node:http";

/** Headers of one request. Node itself leaves out those beyond, or refuses them, as its version has it. */
export const MAX_HEADERS = 100;

/**
 * The status with which to refuse a request for its shape, before anybody looks at what it asks for; `null` for an ordinary
 * one. Node's parser lets these through, and what another server on the way reads differently leads past that one's rules.
 */
export function shapeFault({
  httpVersion,
  rawHeaders,
  headers,
}: Pick<IncomingMessage, "httpVersion" | "rawHeaders" | "headers">): number | null {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return 505;
  // Names and values in turn.
  if (rawHeaders.length > 2 * MAX_HEADERS) return 431;
  const coding = headers["transfer-encoding"];
  // HTTP/1.0 knows no codings: whoever sends one counts on being read in two ways (RFC 9112, section 6.1).
  if (coding !== undefined && httpVersion === "1.0") return 400;
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return 501;
  return null;
}
