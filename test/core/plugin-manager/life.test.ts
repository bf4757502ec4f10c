import { describe, expect, it } from "vitest";
import {
  createPlugin,
  createTestManager,
  createTracedPlugin,
  NEVER,
} from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

describe("the life of a plugin", () => {
  it("goes through its steps in order, and the tools are there in between", async () => {
    const steps: string[] = [];
    const { manager, states, toolNames } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps) },
    });
    expect(states()).toEqual({ a: "stopped" });
    await manager.start();
    expect([states(), toolNames(), steps]).toEqual([
      { a: "running" },
      ["a_echo"],
      ["a.initialize", "a.start"],
    ]);
    await manager.stop();
    expect([states(), steps]).toEqual([
      { a: "stopped" },
      ["a.initialize", "a.start", "a.stop", "a.cleanup"],
    ]);
  });

  it("begins once, however often the manager is started", async () => {
    const steps: string[] = [];
    const { manager } = createTestManager({ plugins: { a: createTracedPlugin("a", steps) } });
    await Promise.all([manager.start(), manager.start()]);
    await manager.start();
    expect(steps).toEqual(["a.initialize", "a.start"]);
  });

  it("does without start and stop", async () => {
    const { manager, states } = createTestManager({ plugins: { a: createPlugin("a") } });
    await manager.start();
    await manager.stop();
    expect(states()).toEqual({ a: "stopped" });
  });

  it("does not begin for an instance that is not enabled", async () => {
    const steps: string[] = [];
    const { manager, states } = createTestManager({
      plugins: { a: createTracedPlugin("a", steps) },
      entries: { a: { enabled: false } },
    });
    await manager.start();
    expect([states(), steps]).toEqual([{ a: "stopped" }, []]);
  });

  it("shows in its status", async () => {
    const { manager, statusOf } = createTestManager({
      plugins: { a: createPlugin("github", { version: "1.2.3", description: "Issues." }) },
      entries: { a: { toolPrefix: "gh" } },
    });
    await manager.start();
    expect(statusOf("a")).toEqual({
      id: "a",
      package: "./a",
      enabled: true,
      host: "in-process",
      locked: false,
      state: "running",
      error: null,
      missing: [],
      reloadError: null,
      name: "github",
      version: "1.2.3",
      description: "Issues.",
      dependencies: [],
      failures: 0,
      tools: ["gh_echo"],
      quarantined: [],
    });
  });
});

describe("a plugin that fails", () => {
  const fail = async () => {
    throw new Error("the disk is full");
  };
  const badLists = () => {
    throw new Error("no lists today");
  };

  it.each([
    {
      what: "its module does not load",
      plugin: () => {
        throw new SyntaxError("Unexpected token");
      },
      error: "Loading failed: Unexpected token",
      steps: [],
    },
    {
      what: "it is no plugin",
      plugin: { name: "bad" },
      error:
        "Loading failed: The plugin object lacks version, description, initialize(), getTools(), " +
        "getResources(), executeTool(), cleanup().",
      steps: [],
    },
    {
      what: "initialize rejects",
      members: { initialize: fail },
      error: "Initializing failed: the disk is full",
      steps: ["bad.initialize", "bad.cleanup"],
    },
    {
      what: "start rejects",
      members: { start: fail },
      error: "Starting failed: the disk is full",
      steps: ["bad.initialize", "bad.start", "bad.cleanup"],
    },
    {
      what: "a list throws",
      members: { getTools: badLists },
      error: "Reading its lists failed: no lists today",
      steps: ["bad.initialize", "bad.start", "bad.stop", "bad.cleanup"],
    },
    {
      what: "it throws something that is no error",
      members: { start: () => Promise.reject(Object.create(null)) },
      error: "Starting failed: an error that cannot be described",
      steps: ["bad.initialize", "bad.start", "bad.cleanup"],
    },
  ])("has the reason when $what, and stops nobody else", async (row) => {
    const steps: string[] = [];
    const bad = row.plugin ?? createTracedPlugin("bad", steps, row.members);
    const { manager, states, statusOf, toolNames, logs } = createTestManager({
      plugins: { a: createPlugin("a"), bad, z: createPlugin("z") },
    });
    await manager.start();
    expect(states()).toEqual({ a: "running", bad: "failed", z: "running" });
    expect(statusOf("bad")).toMatchObject({ error: row.error, failures: 1, tools: [] });
    expect(toolNames()).toEqual(["a_echo", "z_echo"]);
    expect(steps).toEqual(row.steps);
    expect(logs.filter(({ level }) => level === "error")).toMatchObject([
      { message: `Plugin "bad": ${row.error}`, fields: { plugin: "bad" } },
    ]);
    await manager.stop();
    expect(states()).toEqual({ a: "stopped", bad: "stopped", z: "stopped" });
  });

  it("is not undone twice when it is stopped", async () => {
    const steps: string[] = [];
    const { manager } = createTestManager({
      plugins: { bad: createTracedPlugin("bad", steps, { start: fail }) },
    });
    await manager.start();
    await manager.stop();
    expect(steps).toEqual(["bad.initialize", "bad.start", "bad.cleanup"]);
  });

  it("is stopped all the same when stop and cleanup throw, which the log keeps", async () => {
    const { manager, states, logs } = createTestManager({
      plugins: { a: createPlugin("a", { stop: fail, cleanup: fail }) },
    });
    await manager.start();
    await manager.stop();
    expect(states()).toEqual({ a: "stopped" });
    expect(logs.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      "Stopping failed: the disk is full",
      "Cleaning up failed: the disk is full",
    ]);
  });

  it("says so when its host is not available here", async () => {
    const { manager, statusOf } = createTestManager({
      plugins: { a: createPlugin("a") },
      entries: { a: { host: "sandbox" as "in-process" } },
    });
    await manager.start();
    expect(statusOf("a")).toMatchObject({
      state: "failed",
      error: 'This server cannot run plugins in "sandbox".',
    });
  });
});

describe("a plugin that hangs", () => {
  const hang = async () => NEVER;

  it.each([
    {
      step: "load",
      plugin: () => NEVER,
      limit: 30_000,
      error: "Loading took longer than 30000 ms.",
      undoing: 0,
    },
    {
      step: "initialize",
      plugin: createPlugin("slow", { initialize: hang }),
      limit: 30_000,
      error: "Initializing took longer than 30000 ms.",
      undoing: 10_000,
    },
    {
      step: "start",
      plugin: createPlugin("slow", { start: hang }),
      limit: 30_000,
      error: "Starting took longer than 30000 ms.",
      undoing: 20_000,
    },
    {
      step: "catalog",
      plugin: createPlugin("slow", { getTools: () => NEVER as never }),
      limit: 10_000,
      error: "Reading its lists took longer than 10000 ms.",
      undoing: 0,
    },
  ])(
    "in its $step step has failed when its time is up, and nobody waited for it",
    async ({ plugin, limit, error, undoing }) => {
      const { manager, time, states, statusOf, toolNames } = createTestManager({
        plugins: { a: createPlugin("a"), slow: plugin },
      });
      const started = manager.start();
      await time.advance(limit - 1);
      expect([states()["a"], toolNames(), statusOf("slow").error]).toEqual([
        "running",
        ["a_echo"],
        null,
      ]);
      await time.advance(1 + undoing);
      await started;
      expect(statusOf("slow")).toMatchObject({ state: "failed", error });
    },
  );

  it("while it stops does not hold up the end for longer than the limits", async () => {
    const { manager, time, states } = createTestManager({
      plugins: { slow: createPlugin("slow", { stop: hang, cleanup: hang }) },
    });
    await manager.start();
    let stopped = false;
    const stopping = manager.stop().then(() => {
      stopped = true;
    });
    await time.advance(19_999);
    expect(stopped).toBe(false);
    await time.advance(1);
    await stopping;
    expect(states()).toEqual({ slow: "stopped" });
  });
});
