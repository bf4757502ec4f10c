import { Temporal } from "temporal-polyfill";
import createTimePlugin from "../../plugins/time/index.ts";
import { createTestHost, type TestHost } from "../../src/plugins/index.ts";

const NOW = "2026-07-01T12:34:56.789Z";

/** The time plugin as the instance `clock`, at a moment in summer unless told another. */
export function openTime(config: Record<string, unknown> = {}, now = NOW): Promise<TestHost> {
  const plugin = () => createTimePlugin(() => Temporal.Instant.from(now));
  return createTestHost(plugin, { pluginId: "clock", config });
}

/** One call of a plugin that lives no longer. */
export async function callTime(name: string, args: Record<string, unknown>): Promise<unknown> {
  const host = await openTime();
  try {
    return await host.callTool(name, args);
  } finally {
    await host.close();
  }
}
