import type { OutboundGuard, OutboundHop } from "../../types/outbound.ts";
import { failed, refused } from "./refusals.ts";
import { readUrl } from "./request-plan.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What another origin gets to see. Services have so many names for what must stay secret that only these go on. */
const HARMLESS: ReadonlySet<string> = new Set(["accept", "accept-language", "user-agent"]);
const OF_BODY = /^content-/;

type Hop = Omit<OutboundHop, "signal">;

/** Where an answer sends on to, `null` when it does not. */
export function locationOf({ status, headers }: Response): string | null {
  return REDIRECTS.has(status) ? headers.get("location") : null;
}

/**
 * What the operator has opened is for the operator and for what is in there to name.
 *
 * @throws AppError `OUTBOUND_REFUSED`
 */
export function assertMayLead(from: URL, to: URL, guard: OutboundGuard): void {
  if (guard.isOpened(to) && !guard.isOpened(from)) {
    throw refused({ rule: "redirect", host: to.host });
  }
}

/**
 * The request after a redirect, as fetch has it. Another origin gets no credentials, and a body that would be sent again
 * goes to no other origin at all.
 *
 * @throws AppError `OUTBOUND_REFUSED`, `OUTBOUND_FAILED`
 */
export function nextHop(hop: Hop, status: number, location: string, guard: OutboundGuard): Hop {
  const url = readUrl(location, hop.url);
  const fault = guard.urlFault(url);
  if (fault !== null) throw refused(fault);
  const isSameOrigin = url.origin === hop.url.origin;
  assertMayLead(hop.url, url, guard);
  const turnsIntoGet =
    (status === 303 && hop.method !== "HEAD") || (status < 303 && hop.method === "POST");
  const body = turnsIntoGet ? null : hop.body;
  if (!isSameOrigin && body !== null) {
    throw failed(hop.url.host, `sends a request with a body on to "${url.host}", which it is not`);
  }
  const headers = new Headers();
  for (const [name, value] of hop.headers) {
    const isOfNoBody = body === null && OF_BODY.test(name);
    if (!isOfNoBody && (isSameOrigin || HARMLESS.has(name))) headers.append(name, value);
  }
  return { url, method: turnsIntoGet ? "GET" : hop.method, headers, body };
}
