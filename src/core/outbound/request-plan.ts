import type { OutboundHop, OutboundRequest, OutboundRule } from "../../types/outbound.ts";
import { utf8 } from "../../util/bytes.ts";
import {
  MAX_OUTBOUND_BODY,
  MAX_OUTBOUND_BYTES,
  MAX_OUTBOUND_HEADERS,
  MAX_OUTBOUND_MS,
  MAX_OUTBOUND_URL,
  OUTBOUND_BYTES,
  OUTBOUND_MS,
} from "../../util/outbound-limits.ts";
import { refused } from "./refusals.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const WITHOUT_BODY = new Set(["GET", "HEAD"]);
/** They say where a message ends, whom it is for, or what becomes of the connection. */
const HELD_BACK =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|via|forwarded|x-forwarded-.*|proxy-.*|sec-.*)$/;

/** A request with everything decided that may be left out. */
export interface RequestPlan {
  readonly first: Omit<OutboundHop, "signal">;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly follows: boolean;
}

/** @throws AppError `OUTBOUND_REFUSED` for what is malformed; where the address leads has not been checked */
export function planRequest(request: OutboundRequest): RequestPlan {
  const { method = "GET", timeoutMs = OUTBOUND_MS, maxBytes = OUTBOUND_BYTES } = request;
  const url = readUrl(request.url);
  const fail = (rule: OutboundRule) => refused({ rule, host: url.host });
  // Plugins are JavaScript as often as not.
  const upper = typeof method === "string" ? method.toUpperCase() : "";
  if (!METHODS.has(upper)) throw fail("method");
  if (!isWithin(timeoutMs, MAX_OUTBOUND_MS) || !isWithin(maxBytes, MAX_OUTBOUND_BYTES)) {
    throw fail("limit");
  }
  const headers = readHeaders(request.headers ?? {});
  if (headers === null) throw fail("header");
  const body = readBody(request.body);
  if (body === undefined || (body !== null && WITHOUT_BODY.has(upper))) throw fail("body");
  const follows = request.redirect === "follow";
  return { first: { url, method: upper, headers, body }, timeoutMs, maxBytes, follows };
}

/** Without its fragment, which is for nobody else. @throws AppError `OUTBOUND_REFUSED` */
export function readUrl(text: string, base?: URL): URL {
  const isText = typeof text === "string" && text.length <= MAX_OUTBOUND_URL;
  const url = isText && URL.canParse(text, base) ? new URL(text, base) : null;
  if (url === null) throw refused({ rule: "url", host: base?.host ?? "" });
  url.hash = "";
  return url;
}

function isWithin(value: number, max: number): boolean {
  return Number.isFinite(value) && value >= 1 && value <= max;
}

function readHeaders(given: Readonly<Record<string, string>>): Headers | null {
  try {
    const headers = new Headers(given);
    let chars = 0;
    for (const [name, value] of headers) {
      if (HELD_BACK.test(name)) return null;
      chars += name.length + value.length;
    }
    return chars <= MAX_OUTBOUND_HEADERS ? headers : null;
  } catch {
    // The message would repeat what may be a secret.
    return null;
  }
}

/** A copy, so that nobody changes what is being sent; `null` for none, `undefined` for what is none or too much. */
function readBody(body: OutboundRequest["body"]): Uint8Array<ArrayBuffer> | null | undefined {
  if (body === undefined) return null;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return undefined;
  if (body.length > MAX_OUTBOUND_BODY) return undefined;
  const bytes = typeof body === "string" ? utf8(body) : Uint8Array.from(body);
  return bytes.length <= MAX_OUTBOUND_BODY ? bytes : undefined;
}
