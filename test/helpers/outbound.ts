import { onTestFinished } from "vitest";
import { createNodeOutbound } from "../../adapters/node/outbound.ts";
import { AppError } from "../../src/errors.ts";
import { PUBLIC_ONLY } from "../../src/index.ts";
import type { Outbound } from "../../src/types/outbound.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

export interface LoopbackOutboundOptions {
  /** Origins that are on loopback in truth: `{ "https://github.com": "http://127.0.0.1:4711" }`. */
  readonly stands?: Readonly<Record<string, string>>;
}

/**
 * Node's way out, to this machine and nothing else. Servers elsewhere are stood in for; a request that has no stand-in
 * is refused, as one to a forbidden address would be. Closed when the test ends.
 */
export function createLoopbackOutbound({ stands = {} }: LoopbackOutboundOptions = {}): Outbound & {
  /** Every URL that was asked for, before it was turned to a stand-in. */
  readonly asked: string[];
} {
  const asked: string[] = [];
  const outbound = createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true });
  onTestFinished(() => outbound.close());
  return {
    asked,
    async fetch({ url, ...request }) {
      asked.push(url);
      const { origin, pathname, search } = new URL(url);
      const target = new URL(`${stands[origin] ?? origin}${pathname}${search}`);
      if (!LOOPBACK.has(target.hostname)) {
        throw new AppError("OUTBOUND_REFUSED", `${target.host} is not on this machine.`);
      }
      return { ...(await outbound.fetch({ ...request, url: target.href })), url };
    },
  };
}
