import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openNodeServer, type NodeServer } from "../../helpers/node-server.ts";
import { frame, handshake, openRaw } from "../../helpers/raw-websocket.ts";
import {
  startProcess,
  temporaryFolder,
  withFixture,
  type Banner,
} from "../../helpers/server-process.ts";
import { envelope, initialize, openSocket } from "../../helpers/websocket.ts";

const AWAY = { code: 1001, reason: "The server ends the connection" };
const PAUSED = { result: { content: [{ text: "paused" }] } };

const open = ({ mcpUrl, clientKey }: Pick<NodeServer, "mcpUrl" | "clientKey">) =>
  openSocket(mcpUrl, { authorizedBy: clientKey });

async function pausing({ logs }: NodeServer, calls: number): Promise<void> {
  await expect.poll(() => logs.filter(({ message }) => message === "Pausing").length).toBe(calls);
}

describe("a server that closes, to its WebSockets", () => {
  it("answers the calls in flight, ends what listens, and says that it goes away", async () => {
    const server = await openNodeServer();
    const [modern, legacy] = [await open(server), await open(server)];
    await initialize(legacy);
    const listening = modern.request(
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { id: "sub" },
    );
    const call = { name: "e2e_pause", arguments: {} };
    const calls = [
      modern.request("tools/call", call),
      legacy.request("tools/call", call, { bare: true }),
    ];
    await pausing(server, 2);
    const closed = server.close();
    expect(await Promise.all(calls)).toMatchObject([PAUSED, PAUSED]);
    expect((await listening).result).toMatchObject({ resultType: "complete" });
    expect(await modern.closed).toEqual(AWAY);
    expect(await legacy.closed).toEqual(AWAY);
    await closed;
    expect(server.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("waits no longer than their answers to its goodbye", async () => {
    const server = await openNodeServer();
    const client = await open(server);
    await client.request("server/discover");
    // The client of another one does not answer: that is waited for.
    const other = await openNodeServer();
    const silent = openRaw(other.port);
    silent.write(handshake(other.port, { Authorization: `Bearer ${other.clientKey}` }));
    await silent.until(() => silent.statuses().length > 0);
    const ends = [
      other.close().then(() => "after a silent client"),
      server.close().then(() => "after one that answers"),
    ];
    expect(await Promise.race(ends)).toBe("after one that answers");
    expect(await client.closed).toEqual(AWAY);
    await Promise.all(ends);
    silent.socket.destroy();
  });

  it("does not wait for ever for clients that do not answer, or have said nothing yet", async () => {
    const server = await openNodeServer();
    const silent = [openRaw(server.port), openRaw(server.port)];
    for (const client of silent) {
      client.write(handshake(server.port, { Authorization: `Bearer ${server.clientKey}` }));
      await client.until(() => client.statuses().length > 0);
    }
    silent[0]!.write(frame({ payload: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }));
    await silent[0]!.until(() => silent[0]!.bytes().includes('"id":1'));
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).toBeLessThan(3_500);
    expect(await Promise.all(silent.map(({ closeCode }) => closeCode))).toEqual([1001, 1001]);
    for (const { socket } of silent) socket.destroy();
  });

  it("does not wait for ever for a client that does not read", async () => {
    const server = await openNodeServer();
    const client = openRaw(server.port);
    client.write(handshake(server.port, { Authorization: `Bearer ${server.clientKey}` }));
    await client.until(() => client.statuses().length > 0);
    // Something to say goodbye to, behind all that it does not read.
    const _meta = envelope();
    const notifications = { toolsListChanged: true };
    const listen = { id: "sub", method: "subscriptions/listen", params: { notifications, _meta } };
    client.write(frame({ payload: JSON.stringify({ jsonrpc: "2.0", ...listen }) }));
    await client.until(() => client.bytes().includes("acknowledged"));
    client.socket.pause();
    const text = "x".repeat(1024 * 1024);
    for (let id = 1; id <= 8; id++) {
      const params = { name: "e2e_echo", arguments: { text }, _meta };
      const message = { jsonrpc: "2.0", id, method: "tools/call", params };
      client.write(frame({ payload: JSON.stringify(message) }));
    }
    await pause(300);
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    client.socket.destroy();
  });
});

describe("SIGTERM", () => {
  it("ends WebSockets in order, and the process with 0", async () => {
    const folder = temporaryFolder();
    const child = startProcess(["--json"], { cwd: folder.path, env: withFixture(folder.path) });
    try {
      const banner = (await child.banner()) as Required<Banner>;
      const client = await open(banner);
      const call = client.request("tools/call", { name: "e2e_pause", arguments: {} });
      await child.printed("Pausing");
      child.child.kill("SIGTERM");
      expect(await call).toMatchObject(PAUSED);
      expect(await client.closed).toEqual(AWAY);
      expect(await child.exited).toEqual({ code: 0, signal: null });
    } finally {
      await child.stop();
      folder.remove();
    }
  });
});
