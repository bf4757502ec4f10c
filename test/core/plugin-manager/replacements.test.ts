import { describe, expect, it } from "vitest";
import type { InstanceEntry } from "../../../src/index.ts";
import {
  callTool,
  createPlugin,
  createTestManager,
  createTracedPlugin,
  NEVER,
  toInstance,
  version,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

function registryOf(entries: Readonly<Record<string, Partial<InstanceEntry>>>) {
  return {
    instances: Object.entries(entries).map(([id, entry]) => toInstance(id, entry)),
    available: [],
  };
}

async function running(
  plugins: Record<string, unknown>,
  entries: Readonly<Record<string, Partial<InstanceEntry>>> = { a: {} },
) {
  const registry = registryOf(entries);
  const test = createTestManager({ plugins, overlaps: true, deps: { registry } });
  await test.manager.start();
  return test;
}

/** A plugin whose tool answers its setting `x`, and that takes a while to start. */
function settingPlugin(started: Promise<void> = Promise.resolve()) {
  return () => {
    let x: unknown;
    return createPlugin("a", {
      async initialize({ config }) {
        x = (config as { x: unknown }).x;
        await started;
      },
      executeTool: async () => x,
    });
  };
}

describe("replacements that follow each other closely", () => {
  it.each(["is coming up", "waits for its turn"])(
    "take over the newest settings and code, also when a change of settings %s",
    async (when) => {
      const plugins: Record<string, unknown> = { a: settingPlugin() };
      const { manager, time } = await running(plugins, { a: { config: { x: 1 } } });
      const coming = Promise.withResolvers<void>();
      plugins["a"] = settingPlugin(coming.promise);
      const first = when === "waits for its turn" ? manager.reload("a") : Promise.resolve();
      const updated = manager.update(registryOf({ a: { config: { x: 2 } } }));
      if (when === "is coming up") await time.advance(10);
      const reloaded = manager.reload("a");
      coming.resolve();
      await Promise.all([first, updated, reloaded]);
      expect(await callTool(manager, "a_echo")).toBe(2);
    },
  );

  it("do not bring back what is to go", async () => {
    const stopping = Promise.withResolvers<void>();
    const plugins = { a: () => createPlugin("a", { stop: () => stopping.promise }) };
    const { manager, time, states, toolNames } = await running(plugins);
    const updated = manager.update(registryOf({}));
    await time.advance(10);
    const reloaded = manager.reload("a");
    stopping.resolve();
    await Promise.all([updated, reloaded]);
    expect([states(), toolNames()]).toEqual([{}, []]);
  });

  it.each([
    { step: "loads", hung: () => NEVER },
    { step: "initializes", hung: version("2.0.0", { initialize: () => NEVER }) },
    { step: "starts", hung: version("2.0.0", { start: () => NEVER }) },
  ])("do not wait for a version that $step for ever", async ({ hung }) => {
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager, time, statusOf, logs } = await running(plugins);
    plugins["a"] = hung;
    void manager.reload("a");
    await time.advance(100);
    plugins["a"] = version("3.0.0");
    const reloaded = manager.reload("a");
    // Its stop and cleanup wait for the step that does not end, where the driver cannot end it.
    await time.advance(20_000);
    await reloaded;
    expect(statusOf("a")).toMatchObject({ version: "3.0.0", reloadError: null });
    expect(logs.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a version that waits for what it depends on", () => {
  it("takes over when that has come", async () => {
    const plugins: Record<string, unknown> = {
      a: version("1.0.0"),
      clock: () => createPlugin("clock"),
    };
    const { manager, time, statusOf } = await running(plugins);
    plugins["a"] = version("2.0.0", { dependencies: ["clock"] });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ version: "1.0.0" });
    expect(statusOf("a").reloadError).toContain("Missing dependencies");
    await manager.update(registryOf({ a: {}, clock: {} }));
    await time.advance(100);
    expect(statusOf("a")).toMatchObject({ version: "2.0.0", reloadError: null });
  });

  it("is not tried for nothing", async () => {
    let loads = 0;
    const plugins: Record<string, unknown> = { a: version("1.0.0"), b: version("1.0.0") };
    const { manager, time } = await running(plugins, { a: {}, b: {} });
    plugins["a"] = () => {
      loads++;
      return createPlugin("demo", { dependencies: ["clock"] });
    };
    await manager.reload("a");
    await manager.reload("b");
    await manager.reload("b");
    await time.advance(60_000);
    expect(loads).toBe(1);
  });
});

describe("the end of the server while a replaced life stops", () => {
  it("waits for that stop, and cleans up once", async () => {
    const steps: string[] = [];
    const stopping = Promise.withResolvers<void>();
    const plugins: Record<string, unknown> = {
      a: () => createTracedPlugin("old", steps, { stop: () => stopping.promise }),
    };
    const { manager, time } = await running(plugins);
    plugins["a"] = () => createTracedPlugin("new", steps);
    await manager.reload("a");
    await time.advance(1_500);
    expect(steps.at(-1)).toBe("old.stop");
    const stopped = manager.stop();
    await time.advance(100);
    stopping.resolve();
    await stopped;
    expect(steps.filter((step) => step === "old.cleanup")).toHaveLength(1);
  });
});
