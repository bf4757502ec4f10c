import { describe, expect, it } from "vitest";
import {
  callTool,
  createPlugin,
  createTestManager,
  createTracedPlugin,
  version,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

async function running(plugins: Record<string, unknown>, overlaps = true) {
  const test = createTestManager({ plugins, overlaps });
  await test.manager.start();
  return test;
}

describe("a reload and dependencies", () => {
  const needing = (name: string, needs: string[], steps: string[]) => () =>
    createTracedPlugin(name, steps, { dependencies: needs });

  it("reloads those that depend on it after it, each once", async () => {
    const steps: string[] = [];
    const { manager } = await running({
      d: needing("d", ["b", "c"], steps),
      c: needing("c", ["a"], steps),
      b: needing("b", ["a"], steps),
      a: needing("a", [], steps),
      other: needing("other", [], steps),
    });
    steps.length = 0;
    await manager.reload("a");
    const starts = steps.filter((step) => step.endsWith(".start"));
    expect(starts).toHaveLength(4);
    expect(starts[0]).toBe("a.start");
    expect(starts.slice(1, 3).toSorted()).toEqual(["b.start", "c.start"]);
    expect(starts[3]).toBe("d.start");
  });

  it("leaves the dependents alone when it does not succeed", async () => {
    const steps: string[] = [];
    const plugins: Record<string, unknown> = {
      a: needing("a", [], steps),
      b: needing("b", ["a"], steps),
    };
    const { manager, states } = await running(plugins);
    steps.length = 0;
    plugins["a"] = () => {
      throw new Error("no");
    };
    await manager.reload("a");
    expect([steps, states()]).toEqual([[], { a: "running", b: "running" }]);
  });

  it("keeps a dependent serving that the new version is no longer fit for, and says why", async () => {
    const plugins: Record<string, unknown> = {
      a: () => createPlugin("clock", { version: "1.0.0" }),
      b: () => createPlugin("b", { dependencies: ["clock@^1.0"] }),
    };
    const { manager, statusOf } = await running(plugins);
    plugins["a"] = () => createPlugin("clock", { version: "2.0.0" });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ version: "2.0.0" });
    expect(statusOf("b")).toMatchObject({
      state: "running",
      reloadError: 'Missing dependencies: "clock@^1.0" (a is 2.0.0).',
    });
  });

  it("refuses a version that would close a circle", async () => {
    const plugins: Record<string, unknown> = {
      a: () => createPlugin("a"),
      b: () => createPlugin("b", { dependencies: ["a"] }),
    };
    const { manager, statusOf } = await running(plugins);
    plugins["a"] = () => createPlugin("a", { dependencies: ["b"] });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ state: "running", dependencies: [] });
    expect(statusOf("a").reloadError).toContain("form a cycle");
  });
});

describe("a reload where lives may not overlap", () => {
  it("stops the old one first", async () => {
    const steps: string[] = [];
    const plugins: Record<string, unknown> = { a: () => createTracedPlugin("old", steps) };
    const { manager, logs } = await running(plugins, false);
    plugins["a"] = () => createTracedPlugin("new", steps);
    await manager.reload("a");
    expect(logs.map(({ message }) => message)).toContain(
      "Plugin starts again with the code that its host has in memory",
    );
    expect(steps).toEqual([
      "old.initialize",
      "old.start",
      "old.stop",
      "old.cleanup",
      "new.initialize",
      "new.start",
    ]);
    expect(await callTool(manager, "a_echo")).toEqual({});
  });

  it("lets the calls in flight finish, and keeps the lists meanwhile", async () => {
    const work = Promise.withResolvers<string>();
    const plugins: Record<string, unknown> = {
      a: version("1.0.0", { executeTool: () => work.promise }),
    };
    const { manager, time, toolNames } = await running(plugins, false);
    const inFlight = callTool(manager, "a_echo");
    plugins["a"] = version("2.0.0");
    const reloaded = manager.reload("a");
    await time.advance(5_000);
    expect(toolNames()).toEqual(["a_echo"]);
    work.resolve("done");
    expect(await inFlight).toBe("done");
    await reloaded;
    expect(await callTool(manager, "a_echo")).toBe("2.0.0");
  });

  it("is shown as failed when the new one does not start", async () => {
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager, statusOf, toolNames } = await running(plugins, false);
    plugins["a"] = version("2.0.0", { start: () => Promise.reject(new Error("no")) });
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ state: "failed", error: "Starting failed: no" });
    expect(toolNames()).toEqual(["a_echo"]);
  });
});
