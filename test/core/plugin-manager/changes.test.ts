import { describe, expect, it } from "vitest";
import type { Catalog } from "../../../src/core/tool-catalog.ts";
import type { MCPPlugin, PluginContext, Tool } from "../../../src/types/plugin.ts";
import { createPlugin, createTestManager } from "../../helpers/manager.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

/** One plugin whose list the test changes, and what the manager tells about it. */
async function setUp(members: Partial<MCPPlugin> = {}) {
  const published: string[][] = [];
  const updated: string[] = [];
  const lists = { tools: [{ name: "one" }] as Tool[], reads: 0, fails: false };
  const plugin = createPlugin("a", {
    getTools() {
      lists.reads++;
      if (lists.fails) throw new Error("no list today");
      return lists.tools;
    },
    ...members,
  });
  const test = createTestManager({ plugins: { a: plugin } });
  test.manager.subscribe({
    catalogChanged: ({ tools }: Catalog) => void published.push([...tools.keys()]),
    resourceUpdated: (uri) => void updated.push(uri),
  });
  await test.manager.start();
  return { ...test, lists, published, updated, context: plugin.context as PluginContext };
}

describe("a notice that a list has changed", () => {
  it("has it read again and published", async () => {
    const { context, lists, published, time } = await setUp();
    lists.tools = [{ name: "one" }, { name: "two" }];
    context.changed("tools");
    await time.advance(0);
    expect(published).toEqual([["a_one"], ["a_one", "a_two"]]);
  });

  it("that comes with many others costs one reading", async () => {
    const { context, lists, time } = await setUp();
    lists.reads = 0;
    for (let count = 0; count < 100; count++) context.changed("tools");
    await time.advance(10_000);
    expect(lists.reads).toBe(1);
  });

  it("leaves the old list in force when the new one cannot be read", async () => {
    const { context, lists, manager, states, time, logs } = await setUp();
    lists.fails = true;
    context.changed("tools");
    await time.advance(0);
    expect([states(), [...manager.catalog.tools.keys()]]).toEqual([{ a: "running" }, ["a_one"]]);
    expect(logs.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { plugin: "a", error: "Reading its lists failed: no list today" } },
    ]);
    lists.fails = false;
    lists.tools = [{ name: "two" }];
    context.changed("tools");
    await time.advance(1_000);
    expect([...manager.catalog.tools.keys()]).toEqual(["a_two"]);
  });

  it("is not lost when it comes while the lists are read for the first time", async () => {
    const reading = Promise.withResolvers<Tool[]>();
    let first = true;
    const plugin = createPlugin("a", {
      getTools() {
        if (!first) return [{ name: "late" }];
        first = false;
        return reading.promise as never;
      },
    });
    const { manager, time, toolNames } = createTestManager({ plugins: { a: plugin } });
    const started = manager.start();
    await time.advance(0);
    plugin.context!.changed("tools");
    await time.advance(500);
    reading.resolve([{ name: "early" }]);
    await started;
    expect(toolNames()).toEqual(["a_early"]);
    await time.advance(500);
    expect(toolNames()).toEqual(["a_late"]);
  });

  it("means nothing from a plugin that has failed or was stopped", async () => {
    const { context, lists, manager, published, time } = await setUp();
    await manager.stop();
    lists.reads = 0;
    published.length = 0;
    context.changed("tools");
    await time.advance(1_000);
    expect([lists.reads, published]).toEqual([0, []]);
  });

  it("whose reading outlasts the plugin changes nothing", async () => {
    const reading = Promise.withResolvers<Tool[]>();
    let slow = false;
    const { context, manager, published, states, statusOf, time } = await setUp({
      getTools: () => (slow ? (reading.promise as never) : [{ name: "one" }]),
    });
    slow = true;
    published.length = 0;
    context.changed("tools");
    await time.advance(0);
    await manager.stop();
    reading.resolve([{ name: "ghost" }, { name: "no name" }]);
    await time.advance(1_000);
    expect([published, states()]).toEqual([[], { a: "stopped" }]);
    expect(statusOf("a").quarantined).toEqual([]);
  });

  it("that goes to a listener which throws reaches the others, and the plugin lives", async () => {
    const { context, lists, manager, published, states, time } = await setUp();
    manager.subscribe({
      catalogChanged: () => {
        throw new Error("listener");
      },
      resourceUpdated: () => {},
    });
    const after: number[] = [];
    manager.subscribe({
      catalogChanged: ({ tools }) => void after.push(tools.size),
      resourceUpdated: () => {},
    });
    lists.tools = [];
    context.changed("tools");
    await time.advance(0);
    expect([published.at(-1), after, states()]).toEqual([[], [0], { a: "running" }]);
  });

  it("reaches no listener that has left", async () => {
    const { context, manager, time } = await setUp();
    const heard: number[] = [];
    const leave = manager.subscribe({
      catalogChanged: () => void heard.push(1),
      resourceUpdated: () => {},
    });
    leave();
    context.changed("tools");
    await time.advance(0);
    expect(heard).toEqual([]);
  });
});

describe("a notice that a resource has changed", () => {
  const RESOURCES: Partial<MCPPlugin> = {
    getResources: () => [{ uri: "notes://a/1", name: "one", text: "1" }],
    getResourceTemplates: () => [{ uriTemplate: "notes://a/{id}/text", name: "text" }],
    readResource: async () => null,
  };

  it("goes on for its own resources and what its templates stand for", async () => {
    const { context, updated } = await setUp(RESOURCES);
    context.resourceUpdated("notes://a/1");
    context.resourceUpdated("notes://a/7/text");
    expect(updated).toEqual(["notes://a/1", "notes://a/7/text"]);
  });

  it.each(["notes://b/1", "notes://a/2", "not a uri", ""])(
    "does not go on for %j, which is not its own",
    async (uri) => {
      const { context, updated } = await setUp(RESOURCES);
      context.resourceUpdated(uri);
      expect(updated).toEqual([]);
    },
  );

  it("does not go on once the plugin was stopped", async () => {
    const { context, manager, updated } = await setUp(RESOURCES);
    await manager.stop();
    context.resourceUpdated("notes://a/1");
    expect(updated).toEqual([]);
  });
});

describe("a tool that turns out to be faulty", () => {
  const BROKEN = { name: "broken", inputSchema: { $ref: "#/nowhere" } };

  it("leaves the catalog, is logged once, and does not come back with the next reading", async () => {
    const { context, lists, logs, manager, published, statusOf, time } = await setUp();
    lists.tools = [{ name: "one" }, BROKEN];
    context.changed("tools");
    await time.advance(1_000);
    expect(published.at(-1)).toEqual(["a_broken", "a_one"]);

    manager.quarantineTool("a", "broken", "does not compile");
    manager.quarantineTool("a", "broken", "does not compile");
    expect(published.at(-1)).toEqual(["a_one"]);
    expect(published).toHaveLength(3);

    context.changed("tools");
    await time.advance(1_000);
    expect(published.at(-1)).toEqual(["a_one"]);
    expect(statusOf("a").quarantined).toEqual([
      { kind: "tool", name: "broken", reason: "does not compile" },
    ]);
    expect(logs.filter(({ level }) => level === "warn")).toMatchObject([
      { message: "Quarantined a tool: does not compile", fields: { name: "broken" } },
    ]);
  });

  it("comes back when the plugin offers it with another schema", async () => {
    const { context, lists, manager, published, time } = await setUp();
    lists.tools = [BROKEN];
    context.changed("tools");
    await time.advance(1_000);
    manager.quarantineTool("a", "broken", "does not compile");
    lists.tools = [{ name: "broken", inputSchema: { type: "object" } }];
    context.changed("tools");
    await time.advance(1_000);
    expect(published.at(-1)).toEqual(["a_broken"]);
  });

  it.each([
    ["nobody", "one"],
    ["a", "unknown"],
    ["a", "__proto__"],
  ])("changes nothing when %s has no %s", async (id, name) => {
    const { manager, published } = await setUp();
    manager.quarantineTool(id, name, "why");
    expect(published).toEqual([["a_one"]]);
  });
});
