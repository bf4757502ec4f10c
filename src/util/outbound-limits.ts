/** Bytes that a request may carry: as base64 they must fit into one message of a plugin that runs elsewhere. */
export const MAX_OUTBOUND_BODY = 5 * 1024 * 1024;
/** Characters of an address. */
export const MAX_OUTBOUND_URL = 8_192;
/** Characters of all headers of a request. */
export const MAX_OUTBOUND_HEADERS = 32 * 1024;
/** Bytes that an answer may have: when nothing is said, and at most. */
export const OUTBOUND_BYTES = 4 * 1024 * 1024;
export const MAX_OUTBOUND_BYTES = 16 * 1024 * 1024;
/** Milliseconds that a request may take: when nothing is said, and at most. */
export const OUTBOUND_MS = 10_000;
export const MAX_OUTBOUND_MS = 600_000;
