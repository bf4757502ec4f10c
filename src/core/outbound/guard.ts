import type { OutboundFault, OutboundGuard, OutboundRule } from "../../types/outbound.ts";
import { kindOfAddress, type AddressKind } from "./address-kind.ts";
import { isAddress, isLoopbackHost, unbracket, type OutboundPolicy } from "./policy.ts";

/** Names that no public DNS answers, or that it must not be asked for. */
const LOCAL_NAMES = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$/;
/** What a hostname in DNS can be, with the underscores that some have. */
const NAME = /^(?=.{1,253}$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)+[a-z\d-]{2,63}$/;

/**
 * Where a URL leads by the operator's settings: to the internet, to an origin that is opened by its name, or to this
 * machine by one of its own names.
 */
type Zone = "internet" | "opened" | "loopback";

const REACHES: Readonly<Record<Zone, ReadonlySet<AddressKind>>> = {
  internet: new Set(["public"]),
  opened: new Set(["public", "private", "loopback"]),
  loopback: new Set(["loopback"]),
};

/** Decides what may be reached: the internet by https, and besides only what the policy names. */
export function createOutboundGuard(policy: OutboundPolicy): OutboundGuard {
  const zoneOf = (url: URL): Zone => {
    const isOpened = policy.privateOrigins.has(url.origin);
    if ((isOpened || policy.allowLoopback) && isLoopbackHost(url.hostname)) return "loopback";
    return isOpened ? "opened" : "internet";
  };
  const addressFault = (url: URL, address: string): OutboundFault | null =>
    REACHES[zoneOf(url)].has(kindOfAddress(address)) ? null : fault("address", url);

  return {
    addressFault,
    isOpened: (url) => zoneOf(url) !== "internet",
    urlFault(url) {
      const { protocol, hostname, username, password } = url;
      if (protocol !== "https:" && protocol !== "http:") return fault("scheme", url);
      if (username !== "" || password !== "") return fault("userinfo", url);
      const zone = zoneOf(url);
      if (isAddress(hostname)) {
        const wrong = addressFault(url, unbracket(hostname));
        if (wrong !== null) return wrong;
      } else if (zone === "internet" && (!NAME.test(hostname) || LOCAL_NAMES.test(hostname))) {
        return fault("name", url);
      }
      if (protocol === "http:" && zone !== "loopback") return fault("scheme", url);
      if (zone === "internet" && !policy.ports.has(portOf(url))) return fault("port", url);
      return null;
    },
  };
}

function portOf({ port }: URL): number {
  return port === "" ? 443 : Number(port);
}

function fault(rule: OutboundRule, { host }: URL): OutboundFault {
  return { rule, host };
}
