import { parseOrigin } from "../../util/origin.ts";
import { refuse, ok, type Result } from "../../util/result.ts";
import { kindOfAddress } from "./address-kind.ts";

/** What may be reached besides the internet, and on which ports the internet. */
export interface OutboundPolicy {
  /** Origins that may lead into a private network or to this machine, whichever port they have. */
  readonly privateOrigins: ReadonlySet<string>;
  /** Whether this machine may be reached, with and without TLS, on all ports: for development. */
  readonly allowLoopback: boolean;
  /** Of all other addresses. */
  readonly ports: ReadonlySet<number>;
}

/** What HTTPS is served on. Other ports are other services more often than not. */
export const PUBLIC_ONLY: OutboundPolicy = {
  privateOrigins: new Set(),
  allowLoopback: false,
  ports: new Set([443, 8443]),
};

/**
 * Reads the operator's list: origins, separated by commas, and the word `loopback` for all of this machine.
 *
 * Refuses with the entry that is none, to go on after "must be …, not".
 */
export function parsePrivateOrigins(text: string): Result<OutboundPolicy, string> {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const privateOrigins = new Set<string>();
  for (const entry of entries) {
    if (entry === "loopback") continue;
    const url = parseOrigin(entry);
    if (url === null || !mayBeOpened(url)) return refuse(entry);
    privateOrigins.add(url.origin);
  }
  return ok({ ...PUBLIC_ONLY, privateOrigins, allowLoopback: entries.includes("loopback") });
}

/** This machine by its own names. Any other name is one that somebody's DNS could turn into it. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || kindOfAddress(unbracket(hostname)) === "loopback";
}

/** The address that stands in a URL as its host; a name stays as it is. */
export function unbracket(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

function mayBeOpened({ protocol, hostname }: URL): boolean {
  if (/\*|\.$/.test(hostname)) return false;
  if (protocol === "http:") return isLoopbackHost(hostname);
  return !isAddress(hostname) || kindOfAddress(unbracket(hostname)) !== "never";
}
