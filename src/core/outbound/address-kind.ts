import ipaddr from "ipaddr.js";

const { IPv4, IPv6 } = ipaddr;

/**
 * Where an address leads: to the internet, into a private network, to this machine; or nowhere that anybody may be sent:
 * link-local, multicast, reserved, the metadata services of clouds, and IPv6 addresses with an IPv4 address inside, by which
 * a router or the system itself would reach that one.
 */
export type AddressKind = "public" | "private" | "loopback" | "never";

/** What clouds answer secrets at, in ranges that are harmless otherwise. Most of the others are link-local. */
const METADATA = new Set([
  // Azure's wire server.
  "168.63.129.16",
  // Alibaba Cloud.
  "100.100.100.200",
  // AWS and Google Cloud over IPv6.
  "fd00:ec2::254",
  "fd20:ce::254",
]);

/** By the names that the library has for ranges. */
const KINDS: ReadonlyMap<string, AddressKind> = new Map([
  ["unicast", "public"],
  ["private", "private"],
  ["carrierGradeNat", "private"],
  ["uniqueLocal", "private"],
  ["loopback", "loopback"],
]);

/** Ranges that the library takes for the internet. */
const OTHER_IPV6: readonly (readonly [ipaddr.IPv6, number])[] = [
  // 6bone, returned.
  [IPv6.parse("3ffe::"), 16],
];

/** @param address four decimal parts, or IPv6 without brackets; anything else is `never` */
export function kindOfAddress(address: string): AddressKind {
  if (IPv4.isValidFourPartDecimal(address)) return kindOfIpv4(IPv4.parse(address));
  return IPv6.isValid(address) ? kindOfIpv6(address) : "never";
}

function kindOfIpv4(address: ipaddr.IPv4): AddressKind {
  return METADATA.has(address.toString()) ? "never" : kindOfRange(address.range());
}

function kindOfIpv6(text: string): AddressKind {
  // From the numbers: the library reads ::127.0.0.1 and ::7f00:1, which are the same, as two different things.
  const address = new IPv6(IPv6.parse(text).parts);
  if (text.includes("%") || METADATA.has(address.toString())) return "never";
  const kind = kindOfRange(address.range());
  return kind === "public" && !isGlobal(address) ? "never" : kind;
}

function kindOfRange(range: string): AddressKind {
  return KINDS.get(range) ?? "never";
}

/** The one range that is given out, 2000::/3, without tunnels whose ends carry an IPv4 address (ISATAP, RFC 5214). */
function isGlobal(address: ipaddr.IPv6): boolean {
  const { parts } = address;
  if (parts[0]! >> 13 !== 1) return false;
  const isTunnel = (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
  return !isTunnel && !OTHER_IPV6.some(([range, bits]) => address.match(range, bits));
}
