import { AppError } from "../../src/errors.ts";
import type { Outbound } from "../../src/types/outbound.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

export interface LoopbackOutboundOptions {
  /** Origins that are on loopback in truth: `{ "https://github.com": "http://127.0.0.1:4711" }`. */
  readonly stands?: Readonly<Record<string, string>>;
}

/**
 * The way out for tests: this machine and nothing else. Servers elsewhere are stood in for; a request that has no stand-in
 * is refused, as one to a forbidden address would be.
 */
export function createLoopbackOutbound({ stands = {} }: LoopbackOutboundOptions = {}): Outbound & {
  /** Every URL that was asked for, before it was turned to a stand-in. */
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    async fetch({ url, method = "GET", headers = {}, body, timeoutMs = 10_000, ...rest }) {
      asked.push(url);
      const { origin, pathname, search } = new URL(url);
      const target = new URL(`${stands[origin] ?? origin}${pathname}${search}`);
      if (!LOOPBACK.has(target.hostname)) {
        throw new AppError("OUTBOUND_REFUSED", `${target.host} is not on this machine.`);
      }
      const { maxBytes = 1_048_576, redirect = "refuse", signal } = rest;
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(target, {
          method,
          headers,
          redirect: redirect === "follow" ? "follow" : "manual",
          signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
          ...(body !== undefined && { body: body as string }),
        });
        const read = await readUpTo(response, maxBytes);
        return { status: response.status, headers: response.headers, body: read, url };
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw new AppError("OUTBOUND_FAILED", `${target.host} did not answer.`, { cause });
      }
    },
  };
}

async function readUpTo({ body }: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new AppError("OUTBOUND_TOO_LARGE", "The answer is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
