import { expect } from "vitest";
import {
  createWorkerHost,
  type WorkerHostDeps,
} from "../../adapters/node/worker-host/worker-host.ts";
import type { HostedPlugin, HostServices, PluginHost } from "../../src/types/host.ts";
import { createCaller, createServices } from "../contract/plugin-host/harness.ts";

const fixture = (path: string) => new URL(`../fixtures/plugins/${path}`, import.meta.url).href;
export const FAULTY = fixture("faulty/index.js");
const SOUND = fixture("contract/factory.js");

export interface FaultyOptions {
  /** What the plugin does wrong in a step of its life: `{ at, fault, args }`. */
  readonly config?: Record<string, unknown>;
  readonly deps?: WorkerHostDeps;
  readonly services?: Partial<HostServices>;
}

export type FaultyTest = { readonly plugin: HostedPlugin } & ReturnType<typeof createServices> &
  ReturnType<typeof createCaller>;

/**
 * Starts the faulty plugin, hands it to `use`, and then has the same host load and serve another plugin: whatever the
 * first one did is its own affair.
 */
export async function withFaulty(
  use: (test: FaultyTest) => Promise<void>,
  { config = {}, deps = {}, services }: FaultyOptions = {},
): Promise<void> {
  const host = createWorkerHost({ memoryMb: 64, ...deps });
  const record = createServices(services);
  const plugin = await host.load({ instanceId: "faulty", entry: FAULTY }, record.services);
  try {
    await plugin.initialize(config);
    await use({ plugin, ...record, ...createCaller(plugin) });
  } finally {
    await plugin.cleanup().catch(() => {});
  }
  await expectToServe(host);
}

export async function expectToServe(host: PluginHost): Promise<void> {
  const { services } = createServices();
  const plugin = await host.load({ instanceId: "sound", entry: SOUND }, services);
  try {
    await plugin.initialize({ greeting: "hello" });
    await plugin.start();
    expect(await createCaller(plugin).callTool("greet")).toBe("hello");
  } finally {
    await plugin.cleanup();
  }
}

/** The work ends because the plugin does. */
export function expectEnd(work: Promise<unknown>, message: string): Promise<void> {
  return expect(work).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE", message });
}
