import { AppError } from "../errors.ts";
import type { Outbound } from "../types/outbound.ts";
import type { PluginContext } from "../types/plugin.ts";

/**
 * `context.fetch` of a test host that was given none: as the server's, but it reaches this machine alone. A test that
 * depends on the internet should say so.
 */
export function createTestFetch(): PluginContext["fetch"] {
  let opened: ReturnType<typeof openLoopback> | undefined;
  return async (url, init) => {
    opened ??= openLoopback();
    const { fetch, mayReach } = await opened;
    const text = String(url);
    if (!URL.canParse(text) || mayReach(new URL(text))) return fetch(text, init);
    throw new AppError(
      "OUTBOUND_REFUSED",
      `A test host reaches this machine alone, not "${new URL(text).host}". Serve the test from 127.0.0.1, or give createTestHost a fetch.`,
    );
  };
}

/** Plugins' threads load this file, too, and never need what is behind it. */
async function openLoopback() {
  const { createOutboundGuard } = await import("../core/outbound/guard.ts");
  const { createGuardedFetch } = await import("../core/outbound/guarded-fetch.ts");
  const { createPluginFetch } = await import("../core/outbound/plugin-fetch.ts");
  const { PUBLIC_ONLY } = await import("../core/outbound/policy.ts");
  const guard = createOutboundGuard({ ...PUBLIC_ONLY, allowLoopback: true });
  const outbound: Outbound = createGuardedFetch({
    guard,
    carry: ({ url, method, headers, body, signal }) =>
      fetch(url, { method, headers, body, signal, redirect: "manual" }),
    time: { after },
  });
  return {
    fetch: createPluginFetch(outbound),
    mayReach: (url: URL) => guard.isOpened(url),
  };
}

function after(ms: number, task: () => void): () => void {
  const timeUp = AbortSignal.timeout(Math.ceil(ms));
  timeUp.addEventListener("abort", task, { once: true });
  return () => timeUp.removeEventListener("abort", task);
}
