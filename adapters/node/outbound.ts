import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { buildConnector as BuildConnector, Pool as UndiciPool } from "undici";
import {
  createGuardedFetch,
  createOutboundGuard,
  outboundRefusal,
  type Outbound,
  type OutboundCarrier,
  type OutboundGuard,
  type OutboundPolicy,
  type Time,
} from "../../src/index.ts";
import { systemTime } from "./runtime.ts";
import { Agent, buildConnector, fetch, Pool } from "./undici.ts";

/** How long connecting to one address may take, in milliseconds. */
const CONNECT_MS = 10_000;
/** Of one origin. The request's own limit of time counts for all of it. */
const POOL: UndiciPool.Options = {
  connections: 100,
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
};

/** Resolves a name to all of its addresses. */
export type ResolveAll = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface NodeOutboundDeps {
  /** The system's resolver when left out. */
  readonly resolve?: ResolveAll;
  readonly time?: Pick<Time, "after">;
}

export interface NodeOutbound extends Outbound {
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

/**
 * The way out of a process. Addresses are checked where a connection is made, the very ones that it is made to, so that a
 * name which is answered in two ways gains nothing. It goes by no proxy, whatever the environment says.
 */
export function createNodeOutbound(
  policy: OutboundPolicy,
  { resolve = systemLookup, time = systemTime }: NodeOutboundDeps = {},
): NodeOutbound {
  const guard = createOutboundGuard(policy);
  const { carry, close } = createNodeCarrier(guard, resolve);
  return { ...createGuardedFetch({ guard, carry, time }), close };
}

/** Carries requests by undici, and connects to no address that the guard refuses, whatever has been checked before. */
export function createNodeCarrier(
  guard: Pick<OutboundGuard, "addressFault">,
  resolve: ResolveAll,
): { readonly carry: OutboundCarrier; readonly close: () => Promise<void> } {
  const agent = new Agent({
    factory: (origin) =>
      new Pool(origin, { ...POOL, connect: createConnector(new URL(origin), guard, resolve) }),
  });
  return {
    async carry({ url, method, headers, body, signal }) {
      const response = await fetch(url, {
        method,
        headers: [...headers],
        body,
        signal,
        redirect: "manual",
        dispatcher: agent,
      });
      // The package's own class, which is the same but for its name.
      return response as unknown as Response;
    },
    close: () => agent.destroy(),
  };
}

function createConnector(
  url: URL,
  guard: Pick<OutboundGuard, "addressFault">,
  resolve: ResolveAll,
): BuildConnector.connector {
  const connect = buildConnector({
    timeout: CONNECT_MS,
    allowH2: false,
    // Also where the environment says otherwise.
    rejectUnauthorized: true,
    lookup: createLookup(url, guard, resolve),
  });
  return (options, callback) => {
    // An address is not looked up.
    const { hostname } = options;
    const fault = isIP(hostname) === 0 ? null : guard.addressFault(url, hostname);
    if (fault === null) connect(options, callback);
    else callback(outboundRefusal(fault), null);
  };
}

function createLookup(
  url: URL,
  guard: Pick<OutboundGuard, "addressFault">,
  resolve: ResolveAll,
): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      for (const { address } of addresses) {
        const fault = guard.addressFault(url, address);
        if (fault !== null) return callback(outboundRefusal(fault), []);
      }
      const [first] = addresses;
      if (first === undefined) return callback(notFound(hostname), []);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address.`), { code: "ENOTFOUND" });
}
