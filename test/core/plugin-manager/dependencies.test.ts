import { describe, expect, it } from "vitest";
import {
  createPlugin,
  createTestManager,
  createTracedPlugin,
  NEVER,
} from "../../helpers/manager.ts";

const down = async () => {
  throw new Error("service is down");
};

describe("plugins that need others", () => {
  it("start after them, whatever their names, and stop before them", async () => {
    const steps: string[] = [];
    const { manager } = createTestManager({
      plugins: {
        a: createTracedPlugin("app", steps, { dependencies: ["cache", "store"] }),
        b: createTracedPlugin("cache", steps, { dependencies: ["store"] }),
        c: createTracedPlugin("store", steps),
      },
    });
    await manager.start();
    expect(steps).toEqual([
      "store.initialize",
      "store.start",
      "cache.initialize",
      "cache.start",
      "app.initialize",
      "app.start",
    ]);
    steps.length = 0;
    await manager.stop();
    expect(steps).toEqual([
      "app.stop",
      "app.cleanup",
      "cache.stop",
      "cache.cleanup",
      "store.stop",
      "store.cleanup",
    ]);
  });

  it("start after every instance of what they need", async () => {
    const steps: string[] = [];
    const { manager } = createTestManager({
      plugins: {
        app: createTracedPlugin("app", steps, { dependencies: ["store"] }),
        store1: createTracedPlugin("store", steps),
        store2: createTracedPlugin("store", steps),
      },
    });
    await manager.start();
    expect(steps.indexOf("app.initialize")).toBeGreaterThan(steps.lastIndexOf("store.start"));
  });

  it("start when one of several instances runs", async () => {
    const { manager, states } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["store"] }),
        store1: createPlugin("store", { start: down }),
        store2: createPlugin("store"),
      },
    });
    await manager.start();
    expect(states()).toEqual({ app: "running", store1: "failed", store2: "running" });
  });

  it("are blocked, with all that is missing at once, and stop nobody else", async () => {
    const steps: string[] = [];
    const { manager, states, statusOf } = createTestManager({
      plugins: {
        app: createTracedPlugin("app", steps, { dependencies: ["store@^2", "mail", "clock"] }),
        clock: createPlugin("clock"),
        off: createPlugin("mail"),
        store: createPlugin("store", { version: "1.4.0" }),
      },
      entries: { off: { enabled: false } },
    });
    await manager.start();
    expect(states()).toEqual({
      app: "blocked",
      clock: "running",
      off: "stopped",
      store: "running",
    });
    expect(statusOf("app").error).toBe(
      'Missing dependencies: "store@^2" (store is 1.4.0), "mail" (no enabled instance).',
    );
    expect(steps).toEqual([]);
  });

  it("are blocked on a cycle, each with its path", async () => {
    const { manager, states, statusOf } = createTestManager({
      plugins: {
        a: createPlugin("a", { dependencies: ["b"] }),
        b: createPlugin("b", { dependencies: ["a"] }),
        c: createPlugin("c", { dependencies: ["a"] }),
        d: createPlugin("d"),
      },
    });
    await manager.start();
    expect(states()).toEqual({ a: "blocked", b: "blocked", c: "blocked", d: "running" });
    expect(["a", "b", "c"].map((id) => statusOf(id).error)).toEqual([
      "Its dependencies form a cycle: a → b → a.",
      "Its dependencies form a cycle: b → a → b.",
      'Waits for dependencies: "a" (a).',
    ]);
    await manager.stop();
    expect(states()).toEqual({ a: "stopped", b: "stopped", c: "stopped", d: "stopped" });
  });

  it("are blocked while it is down, and start when it comes back, one after the other", async () => {
    let attempts = 0;
    const steps: string[] = [];
    const { manager, time, states, statusOf } = createTestManager({
      plugins: {
        app: createTracedPlugin("app", steps, { dependencies: ["cache"] }),
        cache: createTracedPlugin("cache", steps, { dependencies: ["store"] }),
        store: createPlugin("store", {
          async start() {
            if (++attempts < 3) await down();
          },
        }),
      },
    });
    await manager.start();
    expect(states()).toEqual({ app: "blocked", cache: "blocked", store: "failed" });
    expect([statusOf("app").error, statusOf("cache").error]).toEqual([
      'Waits for dependencies: "cache" (cache).',
      'Waits for dependencies: "store" (store).',
    ]);
    await time.advance(3_000);
    expect([attempts, states()]).toEqual([
      3,
      { app: "running", cache: "running", store: "running" },
    ]);
    expect(steps).toEqual(["cache.initialize", "cache.start", "app.initialize", "app.start"]);
    expect(["app", "cache", "store"].map((id) => statusOf(id).error)).toEqual([null, null, null]);
  });

  it("say what they wait for now, when that has changed", async () => {
    let broken = true;
    const { manager, time, statusOf, logs } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["mail", "store"] }),
        mail: createPlugin("mail", {
          start: async () => {
            if (broken) await down();
          },
        }),
        store: createPlugin("store", { start: down }),
      },
    });
    await manager.start();
    expect(statusOf("app").error).toBe('Waits for dependencies: "mail" (mail), "store" (store).');
    broken = false;
    await time.advance(30_000);
    expect(statusOf("app").error).toBe('Waits for dependencies: "store" (store).');
    const told = logs.filter(({ level, fields }) => level === "warn" && fields["plugin"] === "app");
    expect(told.map(({ message }) => message)).toEqual([
      'Plugin does not start: Waits for dependencies: "mail" (mail), "store" (store).',
      'Plugin does not start: Waits for dependencies: "store" (store).',
    ]);
  });

  it("wait for a slow one, and others do not", async () => {
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["store"] }),
        other: createPlugin("other", { dependencies: ["clock"] }),
        clock: createPlugin("clock"),
        store: createPlugin("store", {
          start: () => new Promise((resolve) => void time.after(20_000, resolve)),
        }),
      },
    });
    const started = manager.start();
    await time.advance(19_999);
    expect(states()).toEqual({
      app: "loaded",
      clock: "running",
      other: "running",
      store: "starting",
    });
    await time.advance(1);
    await started;
    expect(states()["app"]).toBe("running");
  });

  it("wait for code that is still loading before they call something missing", async () => {
    const loading = Promise.withResolvers<unknown>();
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["store"] }),
        store: () => loading.promise,
      },
    });
    const started = manager.start();
    await time.advance(10_000);
    expect(states()).toEqual({ app: "loaded", store: "loading" });
    loading.resolve(createPlugin("store"));
    await started;
    expect(states()).toEqual({ app: "running", store: "running" });
  });

  it("are blocked once the code that hangs has failed to load", async () => {
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["store"] }),
        free: createPlugin("free"),
        store: () => NEVER,
      },
    });
    const started = manager.start();
    await time.advance(30_000);
    await started;
    expect(states()).toEqual({ app: "blocked", free: "running", store: "failed" });
  });
});
