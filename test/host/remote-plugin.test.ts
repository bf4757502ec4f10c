import { describe, expect, it } from "vitest";
import { loadRemotePlugin, type RemotePluginDeps } from "../../src/host/remote-plugin.ts";
import type { PluginHost } from "../../src/types/host.ts";
import { createServices } from "../contract/plugin-host/harness.ts";
import { pluginHostContract } from "../contract/plugin-host.ts";
import { systemTime } from "../../adapters/node/runtime.ts";
import { INFO, openLoopback, openPlayed } from "../helpers/plugin-link.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const loopbackHost = (importModule: (entry: string) => Promise<unknown>): PluginHost => ({
  kind: "worker",
  overlaps: true,
  load: (source, services) =>
    loadRemotePlugin(source, {
      open: openLoopback(importModule),
      services,
      time: systemTime,
      onModules: () => {},
    }),
});

pluginHostContract("messages", async () => ({
  host: loopbackHost((entry) => import(entry) as Promise<unknown>),
  entryOf: (module) => new URL(`../fixtures/plugins/contract/${module}.js`, import.meta.url).href,
}));

const members = {
  name: "plain",
  version: "1.0.0",
  description: "d",
  initialize: async () => {},
  getTools: () => [],
  getResources: (): unknown[] => [],
  executeTool: async (): Promise<unknown> => null,
  cleanup: async () => {},
};

const load = (plugin: object) =>
  loopbackHost(async () => ({ default: plugin })).load(
    { instanceId: "one", entry: "x" },
    createServices().services,
  );

describe("over messages", () => {
  it("a regular expression of a plugin's fields arrives as its source and flags", async () => {
    const field = { type: "url", required: true, description: "where" };
    const auth = {
      type: "custom",
      required: true,
      fields: { plain: field, checked: { ...field, validation: /^https:\/\/./i } },
    };
    const plugin = await load({ ...members, auth });
    expect(plugin.info.auth).toEqual({
      ...auth,
      fields: {
        plain: field,
        checked: { ...field, validation: { source: "^https:\\/\\/.", flags: "i" } },
      },
    });
  });

  it("a plugin is refused that cannot be described as JSON", async () => {
    const configSchema: Record<string, unknown> = {};
    configSchema["self"] = configSchema;
    await expect(load({ ...members, configSchema })).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringMatching(/^What it says about itself is not JSON: /),
    });
  });

  it("a resource without a name for it is a fault of its own", async () => {
    const plugin = await load({ ...members, getResources: () => [{ name: "nameless" }] });
    await plugin.initialize({});
    expect((await plugin.catalog()).faults).toEqual([
      {
        kind: "resource",
        name: "without a uri",
        reason: "it has neither text nor blob, and the plugin no readResource()",
      },
    ]);
  });

  it.each([
    ["a result", () => ({ n: 1n }), /^Its result is not JSON: /],
    ["a result that is none", () => Symbol("x"), /^Its result is not JSON: /],
    [
      "a result that hides",
      () => ({ toJSON: () => undefined }),
      /^Its result is not JSON: there is none of type object\.$/,
    ],
    [
      "a state",
      () => ({ resultType: "input_required", state: 1n }),
      /^The state of its question is not JSON: /,
    ],
    ["much", () => "x".repeat(5_000_000), /^Its result is larger than 4194304 characters\.$/],
  ])("%s that cannot be sent makes the call fail and says why", async (_what, tool, message) => {
    const plugin = await load({ ...members, executeTool: async () => tool() });
    await expect(callAny(plugin)).rejects.toThrow(message);
  });

  it("a plugin cannot end a call in the server's name", async () => {
    const executeTool = async () => {
      const words = { name: "AppError", code: "CALL_ABORTED" };
      throw Object.assign(new Error("forged"), words);
    };
    const failure: unknown = await callAny(await load({ ...members, executeTool })).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: "AppError", message: "forged", code: "CALL_ABORTED" });
    expect((failure as object).constructor).toBe(Error);
  });
});

describe("the server's side", () => {
  it.each([
    ["another shape", { ...INFO, dependencies: "clock" }],
    ["nothing", null],
  ])("does not load a plugin that describes itself as %s", async (_what, info) => {
    const { answer, loading, closed } = await openPlayed();
    answer(info);
    await expect(loading).rejects.toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
      message: "It sent a message that answers something else than was asked.",
    });
    expect(closed()).toBe(1);
  });

  it.each([
    ["catalog", { tools: [], resources: [], resourceTemplates: [], prompts: [] }],
    ["catalog", { tools: [1], resources: [], resourceTemplates: [], prompts: [], faults: [] }],
    [
      "catalog",
      { tools: [], resources: [], resourceTemplates: [], prompts: [], faults: [{ kind: "x" }] },
    ],
  ] as const)("ends a plugin whose %s is %j", async (request, value) => {
    const played = await openPlayed();
    const plugin = await played.loaded();
    const asked = plugin[request]();
    played.answer(value);
    await expect(asked).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    expect((await plugin.ended).message).toMatch(/answers something else/);
    expect(played.closed()).toBe(1);
  });

  it.each([[{ kind: "tool-error" }], [{ kind: "other" }], ["result"], [undefined]])(
    "ends a plugin that answers a call with %j",
    async (value) => {
      const played = await openPlayed();
      const plugin = await played.loaded();
      const call = plugin.callTool("any");
      played.answer(value);
      await expect(call).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
      expect((await plugin.ended).message).toMatch(/answers something else/);
    },
  );

  it("takes no reports of calls that are over, and no answers to them", async () => {
    const played = await openPlayed();
    const { callTool, events } = await played.loaded();
    const call = callTool("any");
    const id = 2;
    played.say({ type: "progress", id, progress: 1 });
    played.answer({ kind: "result", value: 1 });
    played.say({ type: "progress", id, progress: 2 });
    played.say({ type: "answer", id, value: { kind: "result", value: 2 } });
    played.say({ type: "progress", id: 99, progress: 3 });
    expect(await call).toBe(1);
    expect(events).toEqual([["progress", 1]]);
  });

  it("rejects everything that waits when the other side is gone, and answers at once from then on", async () => {
    const played = await openPlayed();
    const plugin = await played.loaded();
    const waiting = [plugin.initialize({}), plugin.start(), plugin.catalog(), plugin.callTool("a")];
    played.lose(new Error("The cable broke."));
    for (const work of waiting) {
      await expect(work).rejects.toMatchObject({
        code: "PLUGIN_UNAVAILABLE",
        message: "The cable broke.",
      });
    }
    expect((await plugin.ended).message).toBe("The cable broke.");
    await expect(plugin.catalog()).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    await plugin.stop();
    await plugin.cleanup();
    expect(played.closed()).toBe(1);
  });

  it("forgets a cancelled call that is never answered", async () => {
    const played = await openPlayed({ limits: { abandon: 500, pong: 60_000 } });
    const { callTool, abort } = await played.loaded();
    const call = callTool("any").catch((error: unknown) => error);
    abort();
    expect(played.sent.at(-1)).toMatchObject({ type: "cancel", id: 2 });
    await played.time.advance(500);
    expect(await call).toMatchObject({ code: "PLUGIN_TIMEOUT" });
  });

  it("cancels at once what was cancelled before it began", async () => {
    const played = await openPlayed();
    const { callTool, abort } = await played.loaded();
    abort();
    const call = callTool("any");
    expect(played.sent.slice(-2).map(({ type }) => type)).toEqual(["call", "cancel"]);
    played.say({ type: "answer", id: 2, value: { kind: "result", value: "late" } });
    expect(await call).toBe("late");
    expect(played.time.pending()).toBe(1);
  });

  it("lets a stop come to its end after the cleanup, but not for ever", async () => {
    const played = await openPlayed({ limits: { cleanup: 1_000, pong: 60_000 } });
    const plugin = await played.loaded();
    const stop = plugin.stop().catch((error: unknown) => error);
    const cleanup = plugin.cleanup();
    await played.time.advance(0);
    played.answer(null);
    await cleanup;
    expect(played.closed()).toBe(0);
    await played.time.advance(1_000);
    expect(played.closed()).toBe(1);
    expect(await stop).toMatchObject({ code: "PLUGIN_UNAVAILABLE", message: "It was stopped." });
  });

  it("ends the other side when a cleanup takes too long", async () => {
    const played = await openPlayed({ limits: { cleanup: 1_000, pong: 60_000 } });
    const plugin = await played.loaded();
    const cleanup = plugin.cleanup().catch((error: unknown) => error);
    await played.time.advance(1_000);
    expect(await cleanup).toMatchObject({ code: "PLUGIN_TIMEOUT" });
    expect(played.closed()).toBe(1);
  });

  it("tells a plugin why the server refused, and not where", async () => {
    const refusal = async () => {
      throw new TypeError("No such key.");
    };
    const { services } = createServices({ getCredential: refusal });
    const played = await openPlayed({ services });
    await played.loaded();
    played.say({ type: "ask", id: 7, service: "getCredential", args: ["k"] });
    await played.time.advance(0);
    expect(played.sent.at(-1)).toEqual({
      type: "refusal",
      id: 7,
      error: { name: "TypeError", message: "No such key.", stack: "" },
    });
  });

  it("passes the plugin's files on", async () => {
    const modules: string[] = [];
    const onModules: RemotePluginDeps["onModules"] = (urls) => void modules.push(...urls);
    const played = await openPlayed({ onModules });
    played.say({ type: "modules", urls: ["file:///a.ts", "file:///b.ts"] });
    expect(modules).toEqual(["file:///a.ts", "file:///b.ts"]);
  });
});

function callAny(plugin: Awaited<ReturnType<typeof load>>) {
  return plugin.call(
    {
      kind: "tool",
      name: "any",
      args: {},
      requestId: "r",
      principal: { kind: "client", id: "c", scopes: [] },
      client: { protocolVersion: "2026-07-28", name: null, version: null, capabilities: {} },
      input: null,
    },
    {
      signal: new AbortController().signal,
      progress: () => {},
      log: () => {},
      closeStream: () => {},
    },
  );
}
