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
  const hops = forwardedFor?.split(",").map((hop) => parseAddress(hop.trim())) ?? [];
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

function isTrusted(address: Address, proxies: TrustedProxies): boolean {
  return proxies.some(
    ([range, bits]) => address.kind() === range.kind() && address.match(range, bits),
  );
}

function parseAddress(text: string): Address | null {
  if (IPv4.isValidFourPartDecimal(text)) return IPv4.parse(text);
  if (!IPv6.isValid(text)) return null;
  const address = IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
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
