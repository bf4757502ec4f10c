import { describe, expect, it } from "vitest";
import type { InstanceEntry } from "../../../src/index.ts";
import {
  createPlugin,
  createTestManager,
  createTracedPlugin,
  toInstance,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

/** A registry with these instances, as discovery would read it. */
function registryOf(entries: Readonly<Record<string, Partial<InstanceEntry>>>) {
  return {
    instances: Object.entries(entries).map(([id, entry]) => toInstance(id, entry)),
    available: [],
  };
}

async function running(entries: Readonly<Record<string, Partial<InstanceEntry>>>) {
  const steps: string[] = [];
  const plugins = Object.fromEntries(
    ["a", "b", "c"].map((id) => [id, () => createTracedPlugin(id, steps)]),
  );
  const test = createTestManager({
    plugins,
    overlaps: true,
    deps: { registry: registryOf(entries) },
  });
  await test.manager.start();
  steps.length = 0;
  return { ...test, steps, plugins };
}

describe("another registry", () => {
  it("starts what is new and stops what is gone, and leaves the rest alone", async () => {
    const { manager, steps, states, toolNames } = await running({ a: {}, b: {} });
    await manager.update(registryOf({ b: {}, c: {} }));
    expect(states()).toEqual({ b: "running", c: "running" });
    expect(toolNames()).toEqual(["b_echo", "c_echo"]);
    expect(steps.toSorted()).toEqual(["a.cleanup", "a.stop", "c.initialize", "c.start"]);
    expect(manager.registry.instances.map(({ settings }) => settings.id)).toEqual(["b", "c"]);
  });

  it("does nothing when nothing has changed", async () => {
    const { manager, steps } = await running({ a: {}, b: {} });
    const { catalog } = manager;
    await manager.update(registryOf({ a: {}, b: {} }));
    expect([steps, manager.catalog]).toEqual([[], catalog]);
  });

  it("stops what is disabled and starts what is enabled", async () => {
    const { manager, states, toolNames } = await running({ a: {}, b: { enabled: false } });
    await manager.update(registryOf({ a: { enabled: false }, b: {} }));
    expect(states()).toEqual({ a: "stopped", b: "running" });
    expect(toolNames()).toEqual(["b_echo"]);
  });

  it("replaces an instance whose settings have changed, the new one first", async () => {
    const { manager, time, steps } = await running({ a: { config: { units: "metric" } } });
    await manager.update(registryOf({ a: { config: { units: "imperial" } } }));
    await time.advance(1_000);
    expect(steps).toEqual(["a.initialize", "a.start", "a.stop", "a.cleanup"]);
  });

  it("takes a new prefix over", async () => {
    const { manager, toolNames } = await running({ a: {} });
    await manager.update(registryOf({ a: { toolPrefix: "x" } }));
    expect(toolNames()).toEqual(["x_echo"]);
  });

  it("keeps the old settings where the new ones are not valid, and says why", async () => {
    const { manager, plugins, statusOf, toolNames } = await running({ a: { config: { n: 1 } } });
    plugins["a"] = () =>
      createPlugin("a", {
        configSchema: { type: "object", properties: { n: { type: "number" } } },
      });
    await manager.update(registryOf({ a: { config: { n: "one" } } }));
    expect(statusOf("a")).toMatchObject({ state: "running", error: null });
    expect(statusOf("a").reloadError).toContain("/n");
    expect(toolNames()).toEqual(["a_echo"]);
  });

  it("serves on when a package is gone that runs, and says so", async () => {
    const { manager, statusOf } = await running({ a: {} });
    const [entry] = registryOf({ a: {} }).instances;
    const error = 'Package "./a" was not found.';
    await manager.update({ instances: [{ ...entry!, package: null, error }], available: [] });
    expect(statusOf("a")).toMatchObject({
      state: "running",
      reloadError: error,
    });
  });
});
