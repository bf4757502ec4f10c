import { describe, expect, it } from "vitest";
import type { HostedPlugin } from "../../../src/types/host.ts";
import {
  createPlugin,
  createTestManager,
  createTracedPlugin,
  NEVER,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

describe("a start that fails", () => {
  it("is tried again after 1 s, 2 s, 4 s and so on, with a new plugin object", async () => {
    const objects = new Set<unknown>();
    const starts: number[] = [];
    const { manager, time, statusOf } = createTestManager({
      plugins: {
        a: () => {
          const plugin = createPlugin("a", {
            async initialize() {
              starts.push(time.now() - begin);
              throw new Error("no");
            },
          });
          objects.add(plugin);
          return plugin;
        },
      },
    });
    const begin = time.now();
    await manager.start();
    await time.advance(31_000);
    expect(starts).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect(objects.size).toBe(6);
    expect(statusOf("a")).toMatchObject({ state: "failed", failures: 6 });
  });

  it("counts from one again after the plugin has run for a minute", async () => {
    let healthy = false;
    const { manager, time, statusOf } = createTestManager({
      plugins: {
        a: createPlugin("a", {
          async start() {
            if (!healthy) throw new Error("no");
          },
        }),
      },
    });
    await manager.start();
    await time.advance(1_000);
    expect(statusOf("a").failures).toBe(2);
    healthy = true;
    await time.advance(2_000);
    expect(statusOf("a")).toMatchObject({ state: "running", failures: 2, error: null });
    await time.advance(60_000);
    expect(statusOf("a")).toMatchObject({ state: "running", failures: 0, error: null });
  });

  it.each([
    {
      what: "code that does not load",
      plugin: () => {
        throw new Error("syntax");
      },
    },
    { what: "code that does not finish loading", plugin: () => NEVER },
    {
      what: "settings that are not valid",
      plugin: createPlugin("a", { configSchema: { required: ["token"] } }),
    },
  ])("is not tried again for $what", async ({ plugin }) => {
    const { manager, time, statusOf } = createTestManager({ plugins: { a: plugin } });
    const started = manager.start();
    await time.advance(30_000);
    await started;
    await time.advance(3_600_000);
    expect(statusOf("a")).toMatchObject({ state: "failed", failures: 1 });
  });

  it("does not count again when another plugin is tried again", async () => {
    const { manager, time, statusOf } = createTestManager({
      plugins: {
        a: createPlugin("a", { configSchema: { required: ["token"] } }),
        b: createPlugin("b", { start: () => Promise.reject(new Error("no")) }),
      },
    });
    await manager.start();
    await time.advance(100_000);
    expect([statusOf("a").failures, statusOf("b").failures]).toEqual([1, 7]);
  });

  it("that hangs each time delays neither another's retry nor the first report", async () => {
    let attempts = 0;
    const { manager, time, states } = createTestManager({
      plugins: {
        hangs: () => createPlugin("hangs", { initialize: () => NEVER }),
        recovers: createPlugin("recovers", {
          async start() {
            if (++attempts < 3) throw new Error("no");
          },
        }),
      },
    });
    let started = false;
    void manager.start().then(() => {
      started = true;
    });
    await time.advance(3_000);
    expect([started, states()["recovers"], states()["hangs"]]).toEqual([
      false,
      "running",
      "initializing",
    ]);
    await time.advance(37_000);
    expect([started, states()["hangs"]]).toEqual([true, "failed"]);
  });
});

describe("the first report", () => {
  it("comes when each has settled once, though some are being tried again all the time", async () => {
    const failsAfter = (ms: number) => ({
      initialize: async () => {
        await new Promise<void>((resolve) => void time.after(ms, resolve));
        throw new Error("no");
      },
    });
    const { manager, time } = createTestManager({
      plugins: {
        a: () => createPlugin("a", failsAfter(10_000)),
        b: () => createPlugin("b", failsAfter(25_000)),
      },
    });
    let started = false;
    void manager.start().then(() => {
      started = true;
    });
    await time.advance(24_999);
    expect(started).toBe(false);
    await time.advance(1);
    expect(started).toBe(true);
  });
});

describe("a step that ends after its time", () => {
  it("is followed by cleanup: nothing that a late initialize holds stays", async () => {
    const steps: string[] = [];
    const initializing = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps, { initialize: () => initializing.promise }) },
    });
    const started = manager.start();
    await time.advance(40_000);
    await started;
    expect([states(), steps]).toEqual([{ a: "failed" }, ["a.initialize"]]);
    initializing.resolve();
    await time.advance(0);
    expect(steps).toEqual(["a.initialize", "a.cleanup"]);
  });

  it("is followed by stop and cleanup, when it was a start", async () => {
    const steps: string[] = [];
    const starting = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps, { start: () => starting.promise }) },
    });
    const started = manager.start();
    await time.advance(50_000);
    await started;
    expect([states(), steps]).toEqual([{ a: "failed" }, ["a.initialize", "a.start"]]);
    starting.resolve();
    await time.advance(0);
    expect(steps).toEqual(["a.initialize", "a.start", "a.stop", "a.cleanup"]);
  });

  it("may reject then, and nobody minds", async () => {
    const initializing = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: { a: createPlugin("a", { initialize: () => initializing.promise }) },
    });
    const started = manager.start();
    await time.advance(40_000);
    await started;
    initializing.reject(new Error("far too late"));
    await time.advance(0);
    expect(states()).toEqual({ a: "failed" });
  });

  it("lets go of code that has loaded too late", async () => {
    const loading = Promise.withResolvers<HostedPlugin>();
    const cleaned: string[] = [];
    const { manager, time, states } = createTestManager({
      plugins: { a: null },
      deps: {
        hosts: {
          "in-process": { kind: "in-process", overlaps: false, load: () => loading.promise },
        },
      },
    });
    const started = manager.start();
    await time.advance(30_000);
    await started;
    expect(states()).toEqual({ a: "failed" });
    loading.resolve({
      cleanup: async () => {
        cleaned.push("late");
        throw new Error("and it fails");
      },
    } as unknown as HostedPlugin);
    await time.advance(0);
    expect([cleaned, states()]).toEqual([["late"], { a: "failed" }]);
  });
});
