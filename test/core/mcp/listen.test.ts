import { describe, expect, it } from "vitest";
import { modern, modernRequest } from "../../helpers/mcp.ts";
import { testPlugin, type TestPlugin } from "../../helpers/plugins.ts";
import { readSse } from "../../helpers/sse.ts";
import { OTHER_CLIENT_KEY, type TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const ALL = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: ["demo://a"],
};

function demo(): TestPlugin {
  return testPlugin({
    getResources: () => [
      { uri: "demo://a", name: "a", text: "" },
      { uri: "demo://b", name: "b", text: "" },
    ],
    getPrompt: async () => "",
  });
}

/** Each kind of change, and what a listener hears of it. */
const CHANGES: readonly [
  what: string,
  change: (plugin: TestPlugin) => void,
  heard: object,
  filter: object,
][] = [
  [
    "tools",
    (plugin) => {
      plugin.getTools = () => [{ name: "new" }];
      plugin.context!.changed("tools");
    },
    { method: "notifications/tools/list_changed" },
    { toolsListChanged: true },
  ],
  [
    "prompts",
    (plugin) => {
      plugin.getPrompts = () => [{ name: "new" }];
      plugin.context!.changed("prompts");
    },
    { method: "notifications/prompts/list_changed" },
    { promptsListChanged: true },
  ],
  [
    "resources",
    (plugin) => {
      plugin.getResources = () => [{ uri: "demo://a", name: "new", text: "" }];
      plugin.context!.changed("resources");
    },
    { method: "notifications/resources/list_changed" },
    { resourcesListChanged: true },
  ],
  [
    "one resource",
    (plugin) => plugin.context!.resourceUpdated("demo://a"),
    { method: "notifications/resources/updated", params: { uri: "demo://a" } },
    { resourceSubscriptions: ["demo://a"] },
  ],
];

describe.each(WAYS)("row 25: subscriptions/listen, $way", ({ open }) => {
  it("acknowledges first, and what it will send", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const { stream, response } = await listen(app, { ...ALL, unknown: true }, "sub-1");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(await stream.next()).toEqual({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: ALL, _meta: { [SUBSCRIPTION]: "sub-1" } },
    });
  });

  it.each(CHANGES)("tells of changed %s under the subscription's id", async (_, change, heard) => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const { stream } = await listen(app, ALL, 7);
    await stream.next();
    change(plugin);
    const message = await stream.next();
    expect(message).toMatchObject({ jsonrpc: "2.0", ...heard });
    expect(message.params._meta).toEqual({ [SUBSCRIPTION]: 7 });
    expect(message.id).toBeUndefined();
  });

  it.each(CHANGES)(
    "tells of nothing but %s when nothing else was asked for",
    async (_, change, heard, filter) => {
      const plugin = demo();
      const app = await open({ plugins: { demo: plugin } });
      const { stream } = await listen(app, filter, 1);
      await stream.next();
      for (const [, other] of CHANGES) if (other !== change) other(plugin);
      plugin.context!.resourceUpdated("demo://b");
      await settled();
      change(plugin);
      expect(await stream.next()).toMatchObject(heard);
    },
  );

  it("tells nothing when the lists are read again and are the same", async () => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const { stream } = await listen(app, ALL, 1);
    await stream.next();
    for (const list of ["tools", "prompts", "resources"] as const) plugin.context!.changed(list);
    await settled();
    plugin.context!.resourceUpdated("demo://a");
    expect((await stream.next()).method).toBe("notifications/resources/updated");
  });

  it("tells of a tool that turned out to be faulty", async () => {
    const plugin = testPlugin({
      tools: { bad: { inputSchema: { $ref: "#/$defs/nothing" }, run: () => "" } },
    });
    const app = await open({ plugins: { demo: plugin } });
    const { stream } = await listen(app, { toolsListChanged: true }, 1);
    await stream.next();
    await modern(app, "tools/call", { name: "demo_bad" });
    expect((await stream.next()).method).toBe("notifications/tools/list_changed");
    expect((await modern(app, "tools/list")).body.result.tools).toEqual([]);
  });

  it("tells every listener, each for itself", async () => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const listeners = await Promise.all([
      listen(app, { resourceSubscriptions: ["demo://a"] }, 1),
      listen(app, { resourceSubscriptions: ["demo://b"] }, 1, OTHER_CLIENT_KEY),
      listen(app, { resourceSubscriptions: ["demo://a", "demo://b"] }, "x"),
    ]);
    for (const { stream } of listeners) await stream.next();
    plugin.context!.resourceUpdated("demo://a");
    plugin.context!.resourceUpdated("demo://b");
    const [a, b, both] = listeners.map(({ stream }) => stream);
    expect((await a!.next()).params.uri).toBe("demo://a");
    expect((await b!.next()).params.uri).toBe("demo://b");
    expect((await both!.next()).params.uri).toBe("demo://a");
    expect((await both!.next()).params.uri).toBe("demo://b");
  });

  it("ends at once when there is nothing to tell", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const { stream } = await listen(app, {}, 3);
    const [acknowledged, completed, ...more] = await stream.rest();
    expect(acknowledged.params.notifications).toEqual({});
    expect(completed).toMatchObject({ id: 3, result: { resultType: "complete" } });
    expect(more).toEqual([]);
  });

  it("ends with its answer when the server closes", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const { stream } = await listen(app, ALL, "sub-1");
    await stream.next();
    await app.close();
    expect(await stream.rest()).toEqual([
      {
        jsonrpc: "2.0",
        id: "sub-1",
        result: {
          resultType: "complete",
          _meta: {
            [SUBSCRIPTION]: "sub-1",
            "io.modelcontextprotocol/serverInfo": { name: "test-server", version: "1.0.0" },
          },
        },
      },
    ]);
  });

  it("ends for a client that goes, and for no other", async () => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const leaving = await listen(app, ALL, 1);
    const staying = await listen(app, ALL, 2);
    await leaving.stream.next();
    await staying.stream.next();
    await leaving.stream.cancel();
    plugin.context!.resourceUpdated("demo://a");
    expect((await staying.stream.next()).params.uri).toBe("demo://a");
    expect(app.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  it.each<[params: Record<string, unknown>]>([
    [{}],
    [{ notifications: true }],
    [{ notifications: { toolsListChanged: "yes" } }],
    [{ notifications: { resourceSubscriptions: "demo://a" } }],
  ])("asked for by %j is a call with invalid parameters", async (params) => {
    const app = await open({ plugins: { demo: demo() } });
    const { status, body } = await modern(app, "subscriptions/listen", params);
    expect([status, body.error?.code]).toEqual([200, -32602]);
  });
});

async function listen(
  app: Pick<TestApp, "request">,
  notifications: object,
  id: unknown,
  key?: string,
) {
  const init = modernRequest(
    "subscriptions/listen",
    { notifications },
    { id, ...(key !== undefined && { key }) },
  );
  const response = await app.request("/mcp", init);
  return { response, stream: readSse(response) };
}

/** Until the lists that a plugin said have changed were read. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
