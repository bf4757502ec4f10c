import { describe, expect, it } from "vitest";
import type { CallReports } from "../../../src/core/running-call.ts";
import {
  createPlugin,
  createTestManager,
  createTracedPlugin,
  NEVER,
  toolCall,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const SILENT: CallReports = { signal: null };

describe("stopping", () => {
  it("lets calls in flight finish, refuses later ones, and only then stops the plugin", async () => {
    const steps: string[] = [];
    const work = Promise.withResolvers<string>();
    const { manager, time } = createTestManager({
      plugins: {
        a: createTracedPlugin("a", steps, { executeTool: () => work.promise }),
      },
    });
    await manager.start();
    const { run } = manager.catalog.tools.get("a_echo")!;
    const call = run.call(toolCall(), 60_000, SILENT);
    const stopped = manager.stop();
    await time.advance(5_000);
    expect(steps).toEqual(["a.initialize", "a.start"]);
    await expect(run.call(toolCall(), 60_000, SILENT)).rejects.toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
    });
    work.resolve("done");
    await expect(call).resolves.toEqual({ kind: "result", value: "done" });
    await stopped;
    expect(steps).toEqual(["a.initialize", "a.start", "a.stop", "a.cleanup"]);
  });

  it("aborts calls that outlast the grace, and goes on", async () => {
    const aborted: unknown[] = [];
    const { manager, time, states } = createTestManager({
      plugins: {
        a: createPlugin("a", {
          executeTool: (_name, _args, call) => {
            call!.signal.addEventListener("abort", () => aborted.push(call!.signal.reason));
            return NEVER;
          },
        }),
      },
    });
    await manager.start();
    const call = manager.catalog.tools.get("a_echo")!.run.call(toolCall(), 60_000, SILENT);
    const refused = call.catch((error: unknown) => error);
    const stopped = manager.stop();
    await time.advance(9_999);
    expect(aborted).toEqual([]);
    await time.advance(1);
    expect(await refused).toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
      message: 'Plugin "a" was stopped.',
    });
    await stopped;
    expect(aborted).toMatchObject([{ code: "PLUGIN_UNAVAILABLE" }]);
    expect(states()).toEqual({ a: "stopped" });
  });

  it("drains a dependent before what it needs takes no more calls", async () => {
    const work = Promise.withResolvers<string>();
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createPlugin("app", { dependencies: ["store"], executeTool: () => work.promise }),
        store: createPlugin("store"),
      },
    });
    await manager.start();
    const { tools } = manager.catalog;
    const call = tools.get("app_echo")!.run.call(toolCall(), 60_000, SILENT);
    const stopped = manager.stop();
    await time.advance(100);
    expect(states()).toEqual({ app: "stopping", store: "running" });
    await tools.get("store_echo")!.run.call(toolCall(), 60_000, SILENT);
    work.resolve("done");
    await Promise.all([call, stopped]);
    expect(states()).toEqual({ app: "stopped", store: "stopped" });
  });

  it("happens once, however often it is asked for", async () => {
    const steps: string[] = [];
    const { manager } = createTestManager({ plugins: { a: createTracedPlugin("a", steps) } });
    await manager.start();
    await Promise.all([manager.stop(), manager.stop()]);
    await manager.stop();
    expect(steps).toEqual(["a.initialize", "a.start", "a.stop", "a.cleanup"]);
  });

  it("ends it for good: nothing starts afterwards", async () => {
    const steps: string[] = [];
    const { manager, states } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps) },
    });
    await manager.stop();
    await manager.start();
    expect([states(), steps]).toEqual([{ a: "stopped" }, []]);
  });

  it("gives up the retries that wait", async () => {
    const steps: string[] = [];
    const { manager, time, states } = createTestManager({
      plugins: {
        a: createTracedPlugin("a", steps, { start: () => Promise.reject(new Error("no")) }),
      },
    });
    await manager.start();
    await manager.stop();
    steps.length = 0;
    await time.advance(600_000);
    expect([states(), steps]).toEqual([{ a: "stopped" }, []]);
  });

  it("while a retry runs stops what that has started, and starts nothing more", async () => {
    let broken = true;
    const steps: string[] = [];
    const starting = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createTracedPlugin("app", steps, { dependencies: ["store"] }),
        store: createTracedPlugin("store", steps, {
          start: () => (broken ? Promise.reject(new Error("no")) : starting.promise),
        }),
      },
    });
    await manager.start();
    broken = false;
    await time.advance(1_000);
    expect(states()).toEqual({ app: "blocked", store: "starting" });
    steps.length = 0;
    const stopped = manager.stop();
    await time.advance(1_000);
    starting.resolve();
    await stopped;
    expect(states()).toEqual({ app: "stopped", store: "stopped" });
    expect(steps).toEqual(["store.stop", "store.cleanup"]);
  });

  it("while a start is about to fail does not have it tried again", async () => {
    const steps: string[] = [];
    const starting = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps, { start: () => starting.promise }) },
    });
    const started = manager.start();
    await time.advance(0);
    const stopped = manager.stop();
    starting.reject(new Error("no"));
    await Promise.all([started, stopped]);
    steps.length = 0;
    await time.advance(600_000);
    expect([states(), steps]).toEqual([{ a: "stopped" }, []]);
  });

  it("in the middle of the first start lets each plugin end the step that it is at", async () => {
    const steps: string[] = [];
    const initializing = Promise.withResolvers<void>();
    const { manager, time, states } = createTestManager({
      plugins: {
        app: createTracedPlugin("app", steps, { dependencies: ["store"] }),
        store: createTracedPlugin("store", steps, { initialize: () => initializing.promise }),
      },
    });
    const started = manager.start();
    await time.advance(1_000);
    const stopped = manager.stop();
    await time.advance(1_000);
    expect(states()).toEqual({ app: "stopped", store: "initializing" });
    initializing.resolve();
    await Promise.all([started, stopped]);
    expect(states()).toEqual({ app: "stopped", store: "stopped" });
    expect(steps).toEqual(["store.initialize", "store.start", "store.stop", "store.cleanup"]);
  });

  it("tells clients of no list that changes on the way", async () => {
    const work = Promise.withResolvers<string>();
    const plugins = {
      a: createPlugin("a"),
      b: createPlugin("b", { dependencies: ["a"], executeTool: () => work.promise }),
    };
    const { manager, time } = createTestManager({ plugins });
    await manager.start();
    const published: number[] = [];
    manager.subscribe({
      catalogChanged: ({ tools }) => void published.push(tools.size),
      resourceUpdated: () => {},
    });
    const call = manager.catalog.tools.get("b_echo")!.run.call(toolCall(), 60_000, SILENT);
    const stopped = manager.stop();
    plugins.a.context!.changed("tools");
    await time.advance(5_000);
    work.resolve("done");
    await Promise.all([call, stopped]);
    await time.advance(10_000);
    expect(published).toEqual([]);
  });
});
