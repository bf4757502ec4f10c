import { describe, expect, it } from "vitest";
import { createMemorySessions } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { OTHER_CLIENT_KEY } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const MINUTE = 60_000;
const NOT_FOUND = {
  jsonrpc: "2.0",
  error: { code: -32001, message: "Session not found" },
  id: null,
};

function demo() {
  return testPlugin({
    tools: { hello: () => "Hello." },
    getResources: () => [
      { uri: "demo://a", name: "a", text: "" },
      { uri: "demo://b", name: "b", text: "" },
    ],
  });
}

const METHODS = ["POST", "GET", "DELETE"] as const;

function asSession(method: string, sessionId: string) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  return { method, headers: { "mcp-session-id": sessionId }, ...(method === "POST" && { body }) };
}

describe.each(WAYS)("a 2025 session, $way", ({ open }) => {
  it("has an id that nobody guesses, and none is like another", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await openSession(app)).id),
    );
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
    expect(new Set(ids).size).toBe(20);
  });

  it.each(METHODS)("does not exist for another client, which gets 404 for %s", async (method) => {
    const app = await open({ plugins: { demo: demo() } });
    const mine = await openSession(app);
    const theirs = await openSession(app, { key: OTHER_CLIENT_KEY });
    const response = await theirs.send(asSession(method, mine.id!));
    expect([response.status, await response.json()]).toEqual([404, NOT_FOUND]);
    expect((await mine.call("tools/list")).result.tools).toHaveLength(1);
    expect((await theirs.call("tools/list")).result.tools).toHaveLength(1);
  });

  it.each(METHODS)("that was never opened is 404 for %s", async (method) => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app);
    for (const id of ["x", `${session.id!}x`, session.id!.slice(1), "__proto__"]) {
      const response = await session.send(asSession(method, id));
      expect([id, response.status, await response.json()]).toEqual([id, 404, NOT_FOUND]);
    }
  });

  it("is needed for everything but initialize", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const headers = {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
    };
    const post = (message: object) =>
      app.request("/mcp", {
        method: "POST",
        headers,
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      });
    for (const message of [
      { id: 1, method: "tools/list" },
      { id: 1, method: "tools/call", params: { name: "demo_hello" } },
      { method: "notifications/initialized" },
      { id: 1, result: {} },
    ]) {
      const response = await post(message);
      expect(response.headers.get("mcp-session-id")).toBeNull();
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { code: -32000 } },
      ]);
    }
  });

  it("ends when its client deletes it", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app);
    const stream = await session.listen();
    expect((await session.send({ method: "DELETE" })).status).toBe(200);
    expect(await stream.next()).toBeNull();
    for (const method of METHODS) {
      expect([method, (await session.send(asSession(method, session.id!))).status]).toEqual([
        method,
        404,
      ]);
    }
  });

  it("is initialized once, and speaks a version that the server knows", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app);
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "a", version: "1" },
    };
    expect((await session.call("initialize", params)).error).toMatchObject({ code: -32600 });
    const headers = { "mcp-protocol-version": "2023-01-01" };
    const refused = await session.post({ id: 9, method: "ping" }, { headers });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: -32000 } },
    ]);
    expect((await session.call("tools/list")).result.tools).toHaveLength(1);
  });

  it("takes a batch, as 2025-03-26 has it", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app, { version: "2025-03-26" });
    const response = await session.send({
      method: "POST",
      body: JSON.stringify([
        { jsonrpc: "2.0", id: "a", method: "ping" },
        { jsonrpc: "2.0", method: "notifications/initialized" },
        { jsonrpc: "2.0", id: "b", method: "tools/call", params: { name: "demo_hello" } },
      ]),
    });
    const answers = await readSse(response).rest();
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(["a", "b"]));
  });

  it.each<[what: string, version: string, size: number, words: string]>([
    ["of another revision", "2025-06-18", 1, "2025-03-26 alone has batches"],
    ["of more than 32 messages", "2025-03-26", 33, "a batch has 32 messages at most"],
  ])("takes no batch %s, and goes on", async (_, version, size, words) => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app, { version });
    const ping = { jsonrpc: "2.0", method: "ping" };
    const batch = Array.from({ length: size }, (_none, id) => ({ ...ping, id }));
    const refused = await session.send({ method: "POST", body: JSON.stringify(batch) });
    expect([refused.status, (await refused.json()).error]).toEqual([
      400,
      { code: -32600, message: `Invalid Request: ${words}` },
    ]);
    const most = JSON.stringify(batch.slice(0, 32));
    const status = version === "2025-03-26" ? 200 : 400;
    expect((await session.send({ method: "POST", body: most })).status).toBe(status);
    expect((await session.call("tools/list")).result.tools).toHaveLength(1);
  });

  it("takes answers to questions that nobody asked, and does nothing", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app);
    expect((await session.post({ id: 0, result: { action: "accept" } })).status).toBe(202);
    expect((await session.post({ id: "x", result: {} })).status).toBe(202);
    expect((await session.call("tools/list")).result.tools).toHaveLength(1);
  });

  it("hears on one stream of what changes, and of resources only when it subscribed", async () => {
    const plugin = demo();
    const app = await open({ plugins: { demo: plugin } });
    const session = await openSession(app);
    const other = await openSession(app, { key: OTHER_CLIENT_KEY });
    const stream = await session.listen();
    const otherStream = await other.listen();
    expect((await session.send({ method: "GET" })).status).toBe(409);

    await session.call("resources/subscribe", { uri: "demo://a" });
    plugin.context!.resourceUpdated("demo://b");
    plugin.context!.resourceUpdated("demo://a");
    plugin.getTools = () => [{ name: "hello" }, { name: "new" }];
    plugin.context!.changed("tools");
    expect(await stream.next()).toMatchObject({
      method: "notifications/resources/updated",
      params: { uri: "demo://a" },
    });
    expect(await stream.next()).toMatchObject({ method: "notifications/tools/list_changed" });
    expect(await otherStream.next()).toMatchObject({ method: "notifications/tools/list_changed" });

    await session.call("resources/unsubscribe", { uri: "demo://a" });
    plugin.context!.resourceUpdated("demo://a");
    plugin.getPrompts = () => [{ name: "new" }];
    plugin.context!.changed("prompts");
    expect(await stream.next()).toMatchObject({ method: "notifications/prompts/list_changed" });
  });

  it("ends its streams when the server closes", async () => {
    const app = await open({ plugins: { demo: demo() } });
    const session = await openSession(app);
    const stream = await session.listen();
    await app.close();
    expect(await stream.next()).toBeNull();
  });
});

describe("a 2025 session that nobody uses", () => {
  const openAt = async () => {
    const time = createFakeTime();
    const app = await WAYS[0]!.open({ plugins: { demo: demo() }, deps: { time } });
    return { time, app, session: await openSession(app) };
  };

  it("ends after half an hour", async () => {
    const { time, session } = await openAt();
    await time.advance(29 * MINUTE);
    expect((await session.call("ping")).result).toEqual({});
    await time.advance(29 * MINUTE);
    expect((await session.call("ping")).result).toEqual({});
    await time.advance(32 * MINUTE);
    expect((await session.send(asSession("POST", session.id!))).status).toBe(404);
  });

  it("is not one that listens", async () => {
    const { time, session } = await openAt();
    const stream = await session.listen();
    await time.advance(300 * MINUTE);
    expect((await session.call("ping")).result).toEqual({});
    await stream.cancel();
    await time.advance(29 * MINUTE);
    expect((await session.call("ping")).result).toEqual({});
    await time.advance(32 * MINUTE);
    expect((await session.send(asSession("POST", session.id!))).status).toBe(404);
  });

  it("does not take those along that are in use", async () => {
    const { time, app, session } = await openAt();
    const busy = await openSession(app);
    for (let minute = 0; minute < 40; minute += 10) {
      await busy.call("ping");
      await time.advance(10 * MINUTE);
    }
    expect((await busy.call("ping")).result).toEqual({});
    expect((await session.send(asSession("POST", session.id!))).status).toBe(404);
  });
});

describe("2025 sessions beyond the number that the server keeps", () => {
  it("take the place of the one that was not seen for longest", async () => {
    const sessions = createMemorySessions({ total: 2 });
    const app = await WAYS[0]!.open({ plugins: { demo: demo() }, deps: { sessions } });
    const first = await openSession(app);
    const second = await openSession(app);
    const stream = await second.listen();
    await first.call("ping");
    const third = await openSession(app);
    expect((await second.send(asSession("POST", second.id!))).status).toBe(404);
    expect(await stream.next()).toBeNull();
    expect((await first.call("ping")).result).toEqual({});
    expect((await third.call("ping")).result).toEqual({});
  });
});

it("the store of sessions never sees an id, only its hash", async () => {
  const seen: string[] = [];
  const inner = createMemorySessions();
  const sessions = {
    ...inner,
    open: (session: Parameters<typeof inner.open>[0]) => {
      seen.push(JSON.stringify(session));
      return inner.open(session);
    },
    find: (idHash: string) => {
      seen.push(idHash);
      return inner.find(idHash);
    },
  };
  const app = await WAYS[0]!.open({ plugins: { demo: demo() }, deps: { sessions } });
  const session = await openSession(app);
  await session.call("ping");
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.join()).not.toContain(session.id!);
});
