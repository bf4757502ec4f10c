import ipaddr from "ipaddr.js";
import { ok, refuse, type Result } from "../../util/result.ts";

const { IPv4, IPv6 } = ipaddr;
type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Proxies whose word about where a request comes from is taken. */
export type TrustedProxies = readonly (readonly [Address, number])[];

const LOOPBACK = "127.0.0.0/8, ::1/128";

/** `loopback`, addresses and ranges: `loopback, 10.0.0.0/8`. A refusal is the part that is none. */
export function parseTrustedProxies(text: string): Result<TrustedProxies, string> {
  const parts = text.split(",").map((part) => part.trim());
  const ranges: (readonly [Address, number])[] = [];
  for (const part of parts.flatMap((each) => (each === "loopback" ? LOOPBACK.split(", ") : each))) {
    if (part === "") continue;
    const range = parseRange(part);
    if (range === null) return refuse(part);
    ranges.push(range);
  }
  return ok(ranges);
}

/**
 * Under which name uses by an address are counted; `null` where nobody knows it. `X-Forwarded-For` says where a request comes
 * from only as far as trusted proxies have written it: from its end, the first address that is none of theirs. Anybody can
 * write what stands before.
 */
export function clientAddress(
  socketAddress: string | null,
  forwardedFor: string | null,
  proxies: TrustedProxies,
): string | null {
  const socket = socketAddress === null ? null : parseAddress(socketAddress);
  if (socket === null) return null;
  let client = socket;
  const named = forwardedFor?.split(",").map((hop) => hop.trim()) ?? [];
  // An empty element says nothing (RFC 9110, 5.6.1).
  const hops = named.filter((hop) => hop !== "").map((hop) => parseAddress(withoutPort(hop)));
  for (const hop of hops.toReversed()) {
    if (!isTrusted(client, proxies)) break;
    // What a trusted proxy has written is an address; anything else was there before it.
    if (hop === null) break;
    client = hop;
  }
  return nameOf(client);
}

/** IPv6 by its /64, which is what one customer has. */
function nameOf(address: Address): string {
  if (address instanceof IPv4) return address.toString();
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}

/** Some write `203.0.113.5:4711`, `[2001:db8::1]:443` or `[2001:db8::1]`. */
function withoutPort(hop: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(hop) ?? [];
  return bracketed ?? dotted ?? hop;
}

function isTrusted(address: Address, proxies: TrustedProxies): boolean {
  return proxies.some(
    ([range, bits]) => address.kind() === range.kind() && address.match(range, bits),
  );
}

function parseAddress(text: string): Address | null {
  if (IPv4.isValidFourPartDecimal(text)) return IPv4.parse(text);
  if (!IPv6.isValid(text)) return null;
  const address = IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (address.range() !== "rfc6052") return address;
  // NAT64 has all of IPv4 in one network.
  return new IPv4(address.toByteArray().slice(12));
}

function parseRange(text: string): readonly [Address, number] | null {
  const [base = "", bits, ...rest] = text.split("/");
  const address = parseAddress(base);
  if (address === null || rest.length > 0) return null;
  const all = address instanceof IPv4 ? 32 : 128;
  if (bits === undefined) return [address, all];
  const number = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  return number <= all ? [address, number] : null;
}
