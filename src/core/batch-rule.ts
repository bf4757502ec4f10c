/** The one revision that has batches. Its clients name no revision in their requests, or this one. */
const WITH_BATCHES = "2025-03-26";
/** A batch counts as one request, so it must not be worth very many. */
const MAX_BATCH = 32;

/** Why a body is no batch that may be sent; `null` for one that may, and for what is none. */
export function batchFault(body: unknown, headers: Headers): string | null {
  if (!Array.isArray(body)) return null;
  const revision = headers.get("mcp-protocol-version") ?? WITH_BATCHES;
  if (revision !== WITH_BATCHES) return `Invalid Request: ${WITH_BATCHES} alone has batches`;
  if (body.length <= MAX_BATCH) return null;
  return `Invalid Request: a batch has ${MAX_BATCH} messages at most`;
}
