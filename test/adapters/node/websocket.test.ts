import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { createExpress } from "../../../adapters/node/express.ts";
import { createHttpServer } from "../../../adapters/node/http-server.ts";
import { WebSockets } from "../../../adapters/node/websocket.ts";
import type { App } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { modernRequest } from "../../helpers/mcp.ts";
import { openNodeServer } from "../../helpers/node-server.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { handshake, openRaw } from "../../helpers/raw-websocket.ts";
import { CLIENT_KEY, createTestApp } from "../../helpers/test-app.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import { openWebSocketApp } from "../../helpers/websocket-server.ts";
import { openSocket } from "../../helpers/websocket.ts";

type OpenSocket = App["openSocket"];

refuseUnhandledRejections();

describe("the answer to a client that asks for a WebSocket", () => {
  it.each<[offered: readonly string[], chosen: string]>([
    [["mcp"], "mcp"],
    [["x", "mcp"], "mcp"],
    [[`mcp.bearer.${CLIENT_KEY}`, "mcp"], "mcp"],
    [[], ""],
  ])("to the subprotocols %j chooses %j", async (protocols, chosen) => {
    const app = await openWebSocketApp();
    const client = await app.open({ protocols });
    expect(client.ws.protocol).toBe(chosen);
    expect(client.ws.extensions).toBe("");
    expect((await client.request("server/discover")).result).toBeDefined();
    await client.close();
  });

  it("never has a key in it, and neither has the log", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    client.write(
      handshake(app.port, {
        Authorization: null,
        "Sec-WebSocket-Protocol": `mcp.bearer.${CLIENT_KEY}, mcp`,
      }),
    );
    await client.until(() => client.bytes().includes("\r\n\r\n"));
    expect(client.statuses()).toEqual([101]);
    expect(client.bytes().toString()).not.toContain(CLIENT_KEY);
    expect(JSON.stringify([app.logs, app.app.logs])).not.toContain(CLIENT_KEY);
    client.socket.destroy();
  });

  it("is the whole response of a refusal, and the end of the connection", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    client.write(handshake(app.port, { Authorization: null }));
    await client.ended;
    const [head, body] = client.bytes().toString().split("\r\n\r\n");
    expect(head!.split("\r\n").map((line) => line.replace(/^date: .*/, "date"))).toEqual([
      "HTTP/1.1 401 Unauthorized",
      "connection: close",
      `content-length: ${body!.length}`,
      "content-type: application/problem+json",
      "date",
      'www-authenticate: Bearer realm="mcp-plugin-server"',
    ]);
    const { requestId, code } = JSON.parse(body!) as Record<string, string>;
    expect(code).toBe("UNAUTHENTICATED");
    expect(app.app.logs.find(({ message }) => message === "WebSocket refused")).toMatchObject({
      fields: { requestId, code },
    });
    client.socket.destroy();
  });

  it("says which version there is", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    client.write(handshake(app.port, { "Sec-WebSocket-Version": "12" }));
    await client.ended;
    expect(client.statuses()).toEqual([426]);
    expect(client.bytes().toString()).toMatch(/\r\nconnection: close, upgrade\r\n/);
    expect(client.bytes().toString()).toMatch(/\r\nsec-websocket-version: 13\r\n/);
    expect(client.bytes().toString()).toMatch(/\r\nupgrade: websocket\r\n/);
    client.socket.destroy();
  });

  it("has no body for HEAD", async () => {
    const app = await openWebSocketApp();
    const client = openRaw(app.port);
    client.write(handshake(app.port).replace("GET", "HEAD"));
    await client.ended;
    expect(client.statuses()).toEqual([405]);
    expect(client.bytes().toString()).toMatch(/\r\n\r\n$/);
    client.socket.destroy();
  });
});

/** What Java's `HttpClient` adds to its first request over a connection. */
const H2C = {
  connection: "Upgrade, HTTP2-Settings",
  upgrade: "h2c",
  "http2-settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
};

function post(
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const sent = modernRequest("tools/call", { name: "demo_echo", arguments: { text: "Hello." } });
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port,
        path: "/mcp",
        method: "POST",
        agent: false,
        headers: {
          ...sent.headers,
          host: `localhost:${port}`,
          authorization: `Bearer ${CLIENT_KEY}`,
          "content-length": Buffer.byteLength(sent.body),
          ...headers,
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => resolve({ status: response.statusCode!, text }));
      },
    );
    request.once("error", reject);
    request.end(sent.body);
  });
}

describe("an offer to upgrade to something else", () => {
  const plugins = {
    demo: testPlugin({ tools: { echo: ({ text }: { text: string }) => text } }),
  };

  it.each([
    ["h2c, as Java's HttpClient makes it", H2C],
    ["TLS", { connection: "Upgrade", upgrade: "TLS/1.2" }],
    ["HTTP/2 or WebSocket", { connection: "Upgrade", upgrade: "h2c, websocket" }],
  ])("is passed over, and the request served with its body: %s", async (_what, headers) => {
    const app = await openWebSocketApp({ plugins });
    const { status, text } = await post(app.port, headers);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ result: { content: [{ text: "Hello." }] } });
  });

  it("is refused where Node cannot pass it over (22.19 and 22.20)", async () => {
    const app = await createTestApp({ plugins });
    const webSockets = new WebSockets({
      app,
      time: createFakeTime(),
      logger: createRecordingLogger(),
    });
    // Without the callback every offer is an upgrade, as there.
    const server = createServer(createExpress(app));
    webSockets.attach(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      await app.close();
      webSockets.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect((await post(port, H2C)).status).toBe(426);
    const client = await openSocket(`http://localhost:${port}/mcp`, { authorizedBy: CLIENT_KEY });
    expect((await client.request("server/discover")).result).toBeDefined();
    await client.close();
  });
});

/** A server whose decisions are the test's. */
async function openUndecided(openSocketOf: OpenSocket) {
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const webSockets = new WebSockets({ app: { openSocket: openSocketOf }, time, logger });
  const server = createHttpServer(() => {}, null);
  webSockets.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    webSockets.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = openRaw(port);
  onTestFinished(() => void client.socket.destroy());
  return { server, webSockets, time, logger, client, port };
}

const connections = (server: ReturnType<typeof createHttpServer>) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

describe("a decision", () => {
  const accepted = {
    kind: "accepted",
    protocol: null,
    requestId: "r-1",
    serve: () => ({ receive() {}, tooLong() {}, closed() {}, answered: async () => {} }),
  } as const;

  it("that does not come ends the connection after 10 seconds", async () => {
    const { client, time, port } = await openUndecided(() => new Promise(() => {}));
    client.write(handshake(port));
    await expect.poll(() => time.pending()).toBe(1);
    await time.advance(9_999);
    expect(client.socket.readableEnded).toBe(false);
    await time.advance(1);
    await client.ended;
    expect(client.bytes().length).toBe(0);
    await expect.poll(() => time.pending()).toBe(0);
  });

  it("that comes when the client has gone opens nothing, and harms nobody", async () => {
    const decision = Promise.withResolvers<Awaited<ReturnType<OpenSocket>>>();
    const { client, server, port, time, logger } = await openUndecided(() => decision.promise);
    client.write(handshake(port));
    await expect.poll(() => time.pending()).toBe(1);
    client.socket.resetAndDestroy();
    await pause(50);
    decision.resolve(accepted);
    await expect.poll(() => connections(server)).toBe(0);
    await expect.poll(() => time.pending()).toBe(0);
    expect(logger.records.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("that refuses when the client has gone is not written anywhere", async () => {
    const decision = Promise.withResolvers<Awaited<ReturnType<OpenSocket>>>();
    const { client, server, port, time, logger } = await openUndecided(() => decision.promise);
    client.write(handshake(port));
    await expect.poll(() => time.pending()).toBe(1);
    client.socket.resetAndDestroy();
    await pause(50);
    decision.resolve({ kind: "refused", response: new Response("no", { status: 403 }) });
    await expect.poll(() => connections(server)).toBe(0);
    await expect.poll(() => time.pending()).toBe(0);
    expect(logger.records).toEqual([]);
  });

  it("that fails ends the connection, and the log has why", async () => {
    const { client, port, logger } = await openUndecided(() =>
      Promise.reject(new Error("out of order")),
    );
    client.write(handshake(port));
    await client.ended;
    expect(client.bytes().length).toBe(0);
    expect(logger.records).toMatchObject([
      { level: "error", fields: { error: expect.stringContaining("out of order") } },
    ]);
  });

  it("to refuse ends the connection at last, though the client keeps its end open", async () => {
    const response = new Response("no", { status: 403 });
    const { client, server, time, port } = await openUndecided(async () => ({
      kind: "refused",
      response,
    }));
    client.write(handshake(port));
    await client.ended;
    expect(client.statuses()).toEqual([403]);
    // Half-closed: the client could go on sending.
    expect(await connections(server)).toBe(1);
    await time.advance(10_000);
    await expect.poll(() => connections(server)).toBe(0);
  });

  it("to accept holds no longer when there is no place left: the WebSocket closes with 1013", async () => {
    const { client, port } = await openUndecided(async () => ({ ...accepted, serve: () => null }));
    client.write(handshake(port));
    await client.until(() => client.bytes().includes("Too many connections"));
    client.socket.destroy();
    expect(client.statuses()).toEqual([101]);
    expect(await client.closeCode).toBe(1013);
  });

  it("leaves no time limit behind once the WebSocket is open", async () => {
    const { client, port, time } = await openUndecided(async () => accepted);
    client.write(handshake(port));
    await client.until(() => client.statuses().length > 0);
    // The ping's and the first message's.
    expect(time.pending()).toBe(2);
    client.socket.destroy();
    await expect.poll(() => time.pending()).toBe(0);
  });
});

describe("over TLS", () => {
  const tls = (name: string) =>
    fileURLToPath(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));

  it("a WebSocket is the same", async () => {
    const server = await openNodeServer({ TLS_CERT_FILE: tls("cert"), TLS_KEY_FILE: tls("key") });
    const options = { ca: readFileSync(tls("cert")), rejectUnauthorized: false };
    const client = await openSocket(server.mcpUrl, { ...options, authorizedBy: server.clientKey });
    const answer = await client.request("tools/call", {
      name: "e2e_echo",
      arguments: { text: "Hello." },
    });
    expect(answer.result.content).toEqual([{ type: "text", text: "Hello." }]);
    await expect(openSocket(server.mcpUrl, options)).rejects.toThrow(/401/);
    await client.close();
  });
});
