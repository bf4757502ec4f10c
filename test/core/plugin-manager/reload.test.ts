import { describe, expect, it } from "vitest";
import {
  callTool,
  createPlugin,
  createTestManager,
  createTracedPlugin,
  toolCall,
  version,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const SILENT = { signal: null };

async function running(plugins: Record<string, unknown>, overlaps = true) {
  const test = createTestManager({ plugins, overlaps });
  await test.manager.start();
  return test;
}

describe("a reload where lives may overlap", () => {
  it("runs new calls on the new code and lets those in flight finish on the old", async () => {
    const work = Promise.withResolvers<string>();
    const plugins: Record<string, unknown> = {
      a: version("1.0.0", { executeTool: () => work.promise }),
    };
    const { manager, time, statusOf } = await running(plugins);
    const inFlight = callTool(manager, "a_echo");
    plugins["a"] = version("2.0.0");
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0", reloadError: null });
    expect(await callTool(manager, "a_echo")).toBe("2.0.0");
    await time.advance(50_000);
    work.resolve("1.0.0");
    expect(await inFlight).toBe("1.0.0");
  });

  it("has the new one started before it stops the old one", async () => {
    const steps: string[] = [];
    const plugins: Record<string, unknown> = { a: () => createTracedPlugin("old", steps) };
    const { manager, time } = await running(plugins);
    plugins["a"] = () => createTracedPlugin("new", steps);
    await manager.reload("a");
    await time.advance(1_000);
    expect(steps).toEqual([
      "old.initialize",
      "old.start",
      "new.initialize",
      "new.start",
      "old.stop",
      "old.cleanup",
    ]);
  });

  it("still takes a call that was on its way to the old code, and later ones not", async () => {
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager, time } = await running(plugins);
    const { run } = manager.catalog.tools.get("a_echo")!;
    plugins["a"] = version("2.0.0");
    await manager.reload("a");
    await time.advance(999);
    expect(await run.call(toolCall(), 60_000, SILENT)).toMatchObject({ value: "1.0.0" });
    await time.advance(1);
    await expect(run.call(toolCall(), 60_000, SILENT)).rejects.toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
    });
  });

  it.each([
    {
      what: "does not load",
      bad: () => {
        throw new Error("Unexpected token");
      },
      reason: "Loading failed: Unexpected token",
    },
    {
      what: "does not initialize",
      bad: version("2.0.0", { initialize: () => Promise.reject(new Error("no key")) }),
      reason: "Initializing failed: no key",
    },
    {
      what: "does not start",
      bad: version("2.0.0", { start: () => Promise.reject(new Error("port in use")) }),
      reason: "Starting failed: port in use",
    },
    {
      what: "has lists that cannot be read",
      bad: version("2.0.0", {
        getTools: () => {
          throw new Error("no list");
        },
      }),
      reason: "Reading its lists failed: no list",
    },
    {
      what: "needs what is not there",
      bad: version("2.0.0", { dependencies: ["clock"] }),
      reason: 'Missing dependencies: "clock" (no enabled instance).',
    },
  ])("leaves the old one serving when the new one $what", async ({ bad, reason }) => {
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager, time, statusOf, logs } = await running(plugins);
    const before = manager.catalog;
    plugins["a"] = bad;
    await manager.reload("a");
    await time.advance(3_600_000);
    expect(statusOf("a")).toMatchObject({
      state: "running",
      version: "1.0.0",
      error: null,
      reloadError: reason,
      failures: 0,
    });
    expect(manager.catalog).toBe(before);
    expect(await callTool(manager, "a_echo")).toBe("1.0.0");
    expect(logs.map(({ message }) => message)).toContain("The version before serves on");

    plugins["a"] = version("3.0.0");
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ version: "3.0.0", reloadError: null });
    expect(await callTool(manager, "a_echo")).toBe("3.0.0");
  });

  it("lets go of a new one that did not start", async () => {
    const steps: string[] = [];
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager } = await running(plugins);
    plugins["a"] = () =>
      createTracedPlugin("bad", steps, { start: () => Promise.reject(new Error("no")) });
    await manager.reload("a");
    expect(steps).toEqual(["bad.initialize", "bad.start", "bad.cleanup"]);
  });

  it("loads once more, and not three times more, when asked three times meanwhile", async () => {
    let loads = 0;
    const plugins: Record<string, unknown> = {
      a: () => createPlugin("demo", { version: `1.0.${loads++}` }),
    };
    const { manager, statusOf } = await running(plugins);
    // The first begins at once; of those that wait for it, the last speaks for all.
    await Promise.all(Array.from({ length: 4 }, () => manager.reload("a")));
    expect([loads, statusOf("a").version]).toEqual([3, "1.0.2"]);
  });

  it("tells of changed lists once", async () => {
    const plugins: Record<string, unknown> = { a: version("1.0.0") };
    const { manager } = await running(plugins);
    let told = 0;
    manager.subscribe({ catalogChanged: () => told++, resourceUpdated: () => {} });
    plugins["a"] = version("2.0.0", { getTools: () => [{ name: "other" }] });
    await manager.reload("a");
    expect([told, [...manager.catalog.tools.keys()]]).toEqual([1, ["a_other"]]);
  });

  it("starts one anew that had failed, and counts its failures from the beginning", async () => {
    const plugins: Record<string, unknown> = {
      a: version("1.0.0", { start: () => Promise.reject(new Error("no")) }),
    };
    const { manager, time, statusOf } = await running(plugins);
    await time.advance(7_000);
    expect(statusOf("a").failures).toBe(4);
    plugins["a"] = version("2.0.0");
    await manager.reload("a");
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0", failures: 0 });
    expect(time.pending()).toBeGreaterThan(0);
    await time.advance(600_000);
    expect(statusOf("a")).toMatchObject({ state: "running", version: "2.0.0" });
  });

  it("is nothing for an instance that does not exist", async () => {
    const { manager } = await running({ a: version("1.0.0") });
    await manager.reload("b");
    expect(manager.statuses()).toHaveLength(1);
  });

  it("is cut short by the end of the server, which aborts what outlasts its time", async () => {
    const plugins: Record<string, unknown> = {
      a: version("1.0.0", { executeTool: () => new Promise(() => {}) }),
    };
    const { manager, time } = await running(plugins);
    const inFlight = callTool(manager, "a_echo");
    inFlight.catch(() => {});
    plugins["a"] = version("2.0.0");
    await manager.reload("a");
    await time.advance(5_000);
    let stopped = false;
    void manager.stop().then(() => (stopped = true));
    await time.advance(9_999);
    expect(stopped).toBe(false);
    await time.advance(1);
    expect(stopped).toBe(true);
    await expect(inFlight).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
  });

  it("ends calls on the old code that take longer than a call may", async () => {
    const plugins: Record<string, unknown> = {
      a: version("1.0.0", {
        executeTool: (_name, _args, call) => {
          let progress = 0;
          const timer = setInterval(() => call!.progress(++progress), 1);
          call!.signal.addEventListener("abort", () => clearInterval(timer));
          return new Promise(() => {});
        },
      }),
    };
    const { manager, time } = await running(plugins);
    const inFlight = callTool(manager, "a_echo");
    const ended = inFlight.catch((error: { code: string }) => error.code);
    plugins["a"] = version("2.0.0");
    await manager.reload("a");
    await time.advance(600_000);
    expect(["PLUGIN_TIMEOUT", "PLUGIN_UNAVAILABLE"]).toContain(await ended);
  });
});
