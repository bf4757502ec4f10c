import { describe, expect, it } from "vitest";
import { createInProcessHost } from "../../src/index.ts";
import { createTestHost, definePlugin, ToolError } from "../../src/plugins/index.ts";
import { modern } from "../helpers/mcp.ts";
import { createTestApp } from "../helpers/test-app.ts";

const members = () => ({
  name: "plain",
  version: "1.0.0",
  description: "d",
  initialize: async () => {},
  getTools: (): unknown[] => [{ name: "run" }],
  getResources: (): unknown[] => [],
  executeTool: async (): Promise<unknown> => "ran",
  cleanup: async () => {},
});

describe("the lists of a hosted plugin", () => {
  it("keep what is well when an item is not", async () => {
    const cyclic: Record<string, unknown> = { name: "cyclic" };
    cyclic["self"] = cyclic;
    const getTools = () => [
      { name: "run" },
      null,
      "text",
      [],
      undefined,
      cyclic,
      { name: "big", n: 1n },
    ];
    const { tools, faults } = await (await createTestHost({ ...members(), getTools })).catalog();
    expect(tools).toEqual([{ name: "run" }]);
    expect(faults.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`)).toEqual([
      "tool number 2: its description is not a JSON object",
      "tool number 3: its description is not a JSON object",
      "tool number 4: its description is not a JSON object",
      "tool number 5: its description is not a JSON object",
      "tool cyclic: its description is not a JSON object",
      "tool big: its description is not a JSON object",
    ]);
  });

  it("may be promised", async () => {
    const getTools = async () => [{ name: "late" }];
    const host = await createTestHost({ ...members(), getTools });
    expect((await host.catalog()).tools).toEqual([{ name: "late" }]);
  });

  it("are copies, so that a plugin cannot change them behind the server's back", async () => {
    const tool = { name: "run", inputSchema: { type: "object" } };
    const host = await createTestHost({ ...members(), getTools: () => [tool] });
    const { tools } = await host.catalog();
    tool.inputSchema.type = "string";
    expect(tools).toEqual([{ name: "run", inputSchema: { type: "object" } }]);
  });

  it("must be lists", async () => {
    const host = await createTestHost({ ...members(), getResources: () => ({}) });
    await expect(host.catalog()).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: "The plugin's list of resources is not an array.",
    });
  });
});

describe("a hosted plugin", () => {
  it("has a context that it cannot change, and that names no other instance", async () => {
    let context: object = {};
    const initialize = async (given: object) => void (context = given);
    await createTestHost({ ...members(), initialize }, { pluginId: "one" });
    expect(Object.isFrozen(context)).toBe(true);
    expect(Object.keys(context).toSorted()).toEqual([
      "changed",
      "config",
      "fetch",
      "getAccessToken",
      "getCredential",
      "getTokenInfo",
      "isAuthenticated",
      "logger",
      "pluginId",
      "requireReauth",
      "resourceUpdated",
      "setCredential",
      "signJwt",
    ]);
  });

  it("may answer without a promise", async () => {
    const executeTool = () => "at once";
    expect(await (await createTestHost({ ...members(), executeTool })).callTool("run")).toBe(
      "at once",
    );
  });

  it("has empty answers for what it does not offer", async () => {
    const host = await createTestHost(members());
    expect(await host.readResource("x://y")).toBeNull();
    const ref = { type: "prompt", name: "p" } as const;
    expect(await host.complete({ ref, argument: { name: "a", value: "" }, context: {} })).toEqual(
      [],
    );
  });
});

describe("a ToolError", () => {
  /** As a plugin has it that brings its own copy of the class. */
  class ForeignToolError extends Error {
    override name = "ToolError";
    data = { code: 7 };
  }

  it.each([
    { what: "ours", thrown: new ToolError("Closed.", { data: { code: 7 } }) },
    { what: "another copy's", thrown: new ForeignToolError("Closed.") },
    {
      what: "one of another realm",
      thrown: { name: "ToolError", message: "Closed.", data: { code: 7 } },
    },
  ])("tells the client its message and its data: $what", async ({ thrown }) => {
    const executeTool = async () => {
      throw thrown;
    };
    const app = await createTestApp({ plugins: { p: { ...members(), executeTool } } });
    const { body } = await modern(app, "tools/call", { name: "p_run", arguments: {} });
    expect(body.result).toMatchObject({
      isError: true,
      structuredContent: { code: 7 },
    });
    expect(body.result.content[0]).toEqual({ type: "text", text: "Closed." });
    await app.close();
  });

  it.each([
    { what: "an Error", thrown: new Error("/home/ada/secret") },
    { what: "a text", thrown: "/home/ada/secret" },
    { what: "nothing", thrown: undefined },
    { what: "a ToolError without a text", thrown: { name: "ToolError", message: { secret: 1 } } },
  ])("is not $what, which stays in the log", async ({ thrown }) => {
    const executeTool = async () => {
      throw thrown;
    };
    const app = await createTestApp({ plugins: { p: { ...members(), executeTool } } });
    const { body } = await modern(app, "tools/call", { name: "p_run", arguments: {} });
    expect(body.result.isError).toBe(true);
    expect(body.result.content[0].text).toMatch(/^Tool "p_run" failed\. Request id: \S+$/);
    expect(app.logs.filter(({ level }) => level === "error")).toHaveLength(1);
    await app.close();
  });

  it("keeps its cause for the log", () => {
    const cause = new Error("inner");
    expect(new ToolError("outer", { cause }).cause).toBe(cause);
    expect("cause" in new ToolError("outer")).toBe(false);
    expect(new ToolError("outer").data).toBeUndefined();
  });
});

describe("instances of one package, in one process", () => {
  const services = (log: string[], id: string) =>
    ({ getCredential: async () => void log.push(id) }) as never;
  const load = (host: ReturnType<typeof createInProcessHost>, instanceId: string) =>
    host.load({ instanceId, entry: "shared" }, services([], instanceId));

  it("are refused when the module has but one object, which would mix their credentials", async () => {
    const shared = members();
    const host = createInProcessHost({ importModule: async () => ({ default: shared }) });
    const first = await load(host, "first");
    await expect(load(host, "second")).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message:
        'Its module exports one plugin object, which the instance "first" uses. Let it export the plugin\'s class or a function that returns the object, so that each instance gets its own.',
    });
    await first.cleanup();
    expect((await load(host, "second")).info.name).toBe("plain");
  });

  it("may be loaded again under the same id", async () => {
    const shared = members();
    const host = createInProcessHost({ importModule: async () => ({ default: shared }) });
    await load(host, "first");
    expect((await load(host, "first")).info.name).toBe("plain");
  });

  it("let go of the object even when its cleanup fails", async () => {
    const cleanup = () => Promise.reject(new Error("stuck"));
    const shared = { ...members(), cleanup };
    const host = createInProcessHost({ importModule: async () => ({ default: shared }) });
    const first = await load(host, "first");
    await first.initialize({});
    await expect(first.cleanup()).rejects.toThrow("stuck");
    expect((await load(host, "second")).info.name).toBe("plain");
  });

  it.each([
    { form: "a factory", exported: members },
    {
      form: "a definition",
      exported: definePlugin({ name: "d", version: "1.0.0", description: "d" }),
    },
  ])("stand side by side when it has $form", async ({ exported }) => {
    const host = createInProcessHost({ importModule: async () => ({ default: exported }) });
    const [first, second] = [await load(host, "first"), await load(host, "second")];
    expect(first.info).toEqual(second.info);
  });

  it("fail alone on the server, and say what to do", async () => {
    const shared = members();
    const app = await createTestApp({ plugins: { first: shared, second: shared } });
    const states = app.manager.statuses().map(({ id, state, error }) => ({ id, state, error }));
    expect(states).toEqual([
      { id: "first", state: "running", error: null },
      {
        id: "second",
        state: "failed",
        error: expect.stringContaining('which the instance "first" uses'),
      },
    ]);
    await app.close();
  });
});
