import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { WebSocket as WsWebSocket } from "ws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transportContract } from "../contract/transport.ts";
import { connectV1Over, connectV2Over } from "../helpers/e2e-client.ts";
import { useServerProcess } from "../helpers/server-process.ts";
import { WebSocketTransport, type AnyWebSocket } from "../helpers/websocket-transport.ts";
import { initialize, openSocket, type SocketClient } from "../helpers/websocket.ts";

const BuiltIn = globalThis.WebSocket;

const fixture = useServerProcess();

const address = () => new URL(fixture.banner.mcpUrl.replace(/^http/, "ws"));

/** A WebSocket of a program's, which can send headers. */
function withHeader(key: string): typeof WebSocket {
  return class extends WsWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { headers: { Authorization: `Bearer ${key}` } });
    }
  } as unknown as typeof WebSocket;
}

/** A WebSocket of a page's, which cannot: its key is a subprotocol. */
function withSubprotocol(key: string): typeof WebSocket {
  return class extends BuiltIn {
    constructor(url: string | URL, protocols: string | string[] = []) {
      super(url, [...[protocols].flat(), `mcp.bearer.${encodeURIComponent(key)}`]);
    }
  };
}

describe.each([
  { how: "with the key in a header", authorized: withHeader },
  { how: "with the key as a subprotocol, as in a browser", authorized: withSubprotocol },
])("WebSocket, $how", ({ authorized }) => {
  // The v1 client takes the global one, and gives it nothing but the address and `mcp`.
  beforeAll(() => {
    globalThis.WebSocket = authorized(fixture.banner.clientKey);
  });
  afterAll(() => {
    globalThis.WebSocket = BuiltIn;
  });

  transportContract({
    openV1: () => new WebSocketClientTransport(address()),
    openV2: () => new WebSocketTransport(() => new WebSocket(address(), "mcp")),
  });
});

describe("the messages of a WebSocket", () => {
  let client: SocketClient;

  beforeEach(async () => {
    client = await openSocket(fixture.banner.mcpUrl, { authorizedBy: fixture.banner.clientKey });
  });
  afterEach(() => client.close());

  const listen = (id: string, notifications: Record<string, unknown>) => {
    const ended = client.request("subscriptions/listen", { notifications }, { id });
    const acknowledged = client.until(
      ({ method, params }) =>
        method === "notifications/subscriptions/acknowledged" && subscriptionOf(params) === id,
    );
    return { ended, acknowledged };
  };
  const subscriptionOf = (params: { _meta: Record<string, unknown> }) =>
    params._meta["io.modelcontextprotocol/subscriptionId"];
  const call = (name: string, options = {}) =>
    client.request("tools/call", { name, arguments: {} }, options);

  it("tell two listeners of one client each what it asked for, until it has heard enough", async () => {
    await client.request("server/discover");
    await listen("tools", { toolsListChanged: true }).acknowledged;
    await listen("greeting", { resourceSubscriptions: ["e2e://greeting"] }).acknowledged;
    await call("e2e_toggle");
    await call("e2e_touch");
    const heard = () =>
      client.received.map(({ method, params }) => [method, subscriptionOf(params)]);
    await expect.poll(heard).toEqual([
      ["notifications/tools/list_changed", "tools"],
      ["notifications/resources/updated", "greeting"],
    ]);

    client.notify("notifications/cancelled", { requestId: "tools" });
    await call("e2e_toggle");
    await call("e2e_touch");
    await expect
      .poll(() => heard().slice(2))
      .toEqual([["notifications/resources/updated", "greeting"]]);
  });

  it("carry progress in order, and before the answer", async () => {
    await client.request("server/discover");
    const answer = await call("e2e_count", { meta: { progressToken: "p" } });
    expect(answer.result.content).toEqual([{ type: "text", text: "counted" }]);
    expect(client.received.map(({ method, params }) => [method, params.progress])).toEqual([
      ["notifications/progress", 1],
      ["notifications/progress", 2],
      ["notifications/progress", 3],
    ]);
  });

  it("never answer a request that was cancelled", async () => {
    await client.request("server/discover");
    const started = fixture.server.stderr().split("Waiting").length;
    void call("e2e_wait", { id: "given up" });
    await fixture.server.printed("Waiting", started);
    client.notify("notifications/cancelled", { requestId: "given up" });
    await call("e2e_pause");
    expect(client.received).toEqual([]);
  });

  it("bring the server's questions to a client of the 2025 era, as requests", async () => {
    await initialize(client, { elicitation: {} });
    const asked = client.until(({ method }) => method === "elicitation/create");
    const answer = client.request(
      "tools/call",
      { name: "e2e_ask", arguments: {} },
      { bare: true, id: "ask" },
    );
    const { id, params } = await asked;
    expect(params.message).toBe("What is your name?");
    client.send({ id, result: { action: "accept", content: { name: "Grace" } } });
    expect((await answer).result.content).toEqual([{ type: "text", text: "Hello, Grace." }]);
  });
});

describe("a key that nobody made", () => {
  const NOBODYS = "mcpk_nobody-ever-made-this-key";
  const openWith = (Socket: typeof WebSocket) => (): AnyWebSocket => new Socket(address(), "mcp");

  afterEach(() => {
    globalThis.WebSocket = BuiltIn;
  });

  it("lets no official client in", async () => {
    globalThis.WebSocket = withHeader(NOBODYS);
    const transport = new WebSocketClientTransport(address());
    await expect(connectV1Over(transport)).rejects.toThrow(/401/);
    const open = openWith(withHeader(NOBODYS));
    await expect(connectV2Over(new WebSocketTransport(open))).rejects.toThrow(/401/);
  });

  it("lets no page in, which is not told why", async () => {
    const open = openWith(withSubprotocol(NOBODYS));
    const connecting = connectV2Over(new WebSocketTransport(open));
    await expect(connecting).rejects.toThrow(/^The WebSocket failed$|non-101/);
  });
});

describe("a key that is anywhere else", () => {
  it.each(["token", "key", "access_token"])("counts for nothing: ?%s=", async (name) => {
    const url = `${fixture.banner.mcpUrl}?${name}=${fixture.banner.clientKey}`;
    await expect(openSocket(url)).rejects.toThrow("Unexpected server response: 401");
  });

  it("and is in no log, and neither is one that was used", () => {
    expect(fixture.server.stderr()).not.toContain(fixture.banner.clientKey);
  });
});
