import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useAttackedServer, type Headers } from "../../helpers/attacked-server.ts";
import { frame, openRaw, type RawSocket } from "../../helpers/raw-websocket.ts";
import { CLIENT_KEY } from "../../helpers/test-app.ts";

const { port, good } = useAttackedServer();

type Bytes = string | Uint8Array;

/** The good handshake with another request line. */
const line = (requestLine: string, headers?: Headers) =>
  good(headers).replace("GET /mcp HTTP/1.1", requestLine);
/** The good handshake with more lines behind its headers. */
const plus = (...lines: string[]) =>
  good().replace(/\r\n\r\n$/, `\r\n${lines.join("\r\n")}\r\n\r\n`);
const filler = Array.from({ length: 150 }, (_, at) => `X-${at}: x`);
const names = Array.from({ length: 1_000 }, (_, at) => `p${at}`).join();
const HEALTH = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** Sends it, and gives what is answered: all that is expected, and whatever follows soon after. */
async function statusesOf(bytes: Bytes, expected: number): Promise<number[]> {
  const client = openRaw(port());
  client.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  const enough = client.until(() => expected > 0 && client.statuses().length >= expected);
  await Promise.race([enough.catch(() => {}), client.ended, pause(5_000)]);
  await Promise.race([client.ended, pause(30)]);
  client.socket.destroy();
  return client.statuses();
}

describe("a request for a WebSocket", () => {
  it.each<[what: string, bytes: () => Bytes, statuses: number[]]>([
    ["that is good", () => good(), [101]],
    // What has ended other servers.
    ["for two slashes", () => line("GET // HTTP/1.1"), [404]],
    ["for a port beyond all ports", () => line("GET http://x:99999999/ HTTP/1.1"), [404]],
    ["of a foreign page", () => good({ Origin: "http://evil.example" }), [403]],

    ["of a page without an origin", () => good({ Origin: "null" }), [403]],
    ["of an origin in Latin-1", () => good({ Origin: "http://l\xf6calhost" }), [403]],
    ["for a foreign host", () => good({ Host: "evil.example" }), [403]],
    ["for two hosts", () => plus("Host: localhost"), [403]],
    ["for no host", () => good({ Host: null }), [403]],
    ["for an empty host", () => good({ Host: "" }), [403]],
    [
      "for the address of its own host",
      () => line(`GET http://localhost:${port()}/mcp HTTP/1.1`),
      [404],
    ],
    ["for the address of another host", () => line("GET http://evil.example/mcp HTTP/1.1"), [404]],
    ["for *", () => line("GET * HTTP/1.1"), [404]],
    ["for a path below", () => line("GET /mcp/x HTTP/1.1"), [404]],
    ["for another writing of the path", () => line("GET /%6dcp HTTP/1.1"), [404]],
    ["for half an escape", () => line("GET /%zz HTTP/1.1"), [404]],
    ["for dots", () => line("GET /healthz/../mcp HTTP/1.1"), [404]],
    ["with a fragment", () => line("GET /mcp#x HTTP/1.1"), [404]],
    ["with a long query", () => line(`GET /mcp?${"x".repeat(10_000)} HTTP/1.1`), [101]],
    ["with a target of 20 KB", () => line(`GET /mcp?${"x".repeat(20_000)} HTTP/1.1`), [431]],

    ["without a key", () => good({ Authorization: null }), [401]],
    [
      "with its key in the query",
      () => line(`GET /mcp?token=${CLIENT_KEY} HTTP/1.1`, { Authorization: null }),
      [401],
    ],
    ["with two keys", () => plus(`Authorization: Bearer ${CLIENT_KEY}`), [401]],
    [
      "with a NUL for a key",
      () => good({ Authorization: null, "Sec-WebSocket-Protocol": "mcp, mcp.bearer.%00" }),
      [401],
    ],

    ["by POST", () => line("POST /mcp HTTP/1.1"), [405]],
    [
      "by POST with a body",
      () => `${line("POST /mcp HTTP/1.1", { "Content-Length": "2" })}{}`,
      [405],
    ],
    ["by TRACE", () => line("TRACE /mcp HTTP/1.1"), [405]],
    ["by CONNECT", () => line(`CONNECT localhost:${port()} HTTP/1.1`), []],
    ["by a method that is none", () => line("FOO /mcp HTTP/1.1"), [400]],
    ["by get", () => line("get /mcp HTTP/1.1"), [400]],
    ["of HTTP/1.0, which is an ordinary one", () => line("GET /mcp HTTP/1.0"), [406]],
    ["of HTTP/9.9", () => line("GET /mcp HTTP/9.9"), [400]],

    ["without a nonce", () => good({ "Sec-WebSocket-Key": null }), [400]],
    ["with an empty nonce", () => good({ "Sec-WebSocket-Key": "" }), [400]],
    ["with a short nonce", () => good({ "Sec-WebSocket-Key": "AAAA" }), [400]],
    ["with a nonce of 10 KB", () => good({ "Sec-WebSocket-Key": "A".repeat(10_000) }), [400]],
    ["with two nonces", () => plus("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), [400]],
    ["without a version", () => good({ "Sec-WebSocket-Version": null }), [426]],
    ["of version 8", () => good({ "Sec-WebSocket-Version": "8" }), [426]],
    ["of version 13 or 8", () => good({ "Sec-WebSocket-Version": "13, 8" }), [426]],
    ["of version 0x0d", () => good({ "Sec-WebSocket-Version": "0x0d" }), [426]],
    ["with two versions", () => plus("Sec-WebSocket-Version: 13"), [426]],

    [
      "in other letters, as Firefox writes it",
      () => good({ Connection: "keep-alive, Upgrade", Upgrade: "WebSocket" }),
      [101],
    ],
    [
      "that does not say so in Connection, which is an ordinary one",
      () => good({ Connection: "keep-alive" }),
      [406],
    ],
    ["that does not say what to upgrade to, either", () => good({ Upgrade: null }), [406]],
    ["that says so twice, which is an ordinary one", () => plus("Upgrade: websocket"), [406]],
    ["with a version behind its name", () => good({ Upgrade: "websocket/13" }), [406]],

    ["with a body", () => `${good({ "Content-Length": "5" })}hello`, [400]],
    ["with a body that does not come", () => good({ "Content-Length": "5" }), [400]],
    ["with a body in chunks", () => `${good({ "Transfer-Encoding": "chunked" })}0\r\n\r\n`, [400]],
    [
      "with a body in chunks that are none",
      () => `${good({ "Transfer-Encoding": "chunked" })}zz\r\n`,
      [400],
    ],
    ["with two lengths", () => `${plus("Content-Length: 5", "Content-Length: 6")}hello`, [400]],
    [
      "with a length and chunks",
      () => `${plus("Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`,
      [400],
    ],
    ["with a negative length", () => good({ "Content-Length": "-1" }), [400]],
    ["that waits for a 100", () => good({ Expect: "100-continue" }), [101]],

    ["with a header of 20 KB", () => plus(`X-Large: ${"x".repeat(20_000)}`), [431]],
    ["with 150 more headers", () => plus(...filler), [431]],
    [
      "with 150 headers before those that count",
      () => good().replace("\r\n", `\r\n${filler.join("\r\n")}\r\n`),
      [431],
    ],
    ["with a NUL in a header", () => plus("X-Nul: a\0b"), [400]],
    ["with a folded header", () => plus("X-Folded: a", " b"), [400]],
    ["with a bare line feed", () => plus("X-A: a\nX-B: b"), [400]],
    ["with a bare carriage return", () => plus("X-A: a\rX-B: b"), [400]],
    ["with a space before a colon", () => plus("X-A : a"), [400]],
    ["with a header without a name", () => plus(": a"), [400]],
    ["with a header without a colon", () => plus("nothing"), [400]],
    ["with a header's name in Latin-1", () => plus("X-\xf6: a"), [400]],
    ["with a header in Latin-1", () => plus("X-A: \xf6\xff"), [101]],

    [
      "with a subprotocol of 10 KB",
      () => good({ "Sec-WebSocket-Protocol": "x".repeat(10_000) }),
      [400],
    ],
    [
      "with a subprotocol of 10 KB beside mcp",
      () => good({ "Sec-WebSocket-Protocol": `${"x".repeat(10_000)}, mcp` }),
      [101],
    ],
    ["with 1000 subprotocols", () => good({ "Sec-WebSocket-Protocol": names }), [400]],
    [
      "with 1000 subprotocols and mcp",
      () => good({ "Sec-WebSocket-Protocol": `mcp,${names}` }),
      [101],
    ],
    [
      "with the same subprotocol in two headers",
      () => plus("Sec-WebSocket-Protocol: mcp", "Sec-WebSocket-Protocol: mcp"),
      [400],
    ],
    ["with commas for subprotocols", () => good({ "Sec-WebSocket-Protocol": ",,," }), [400]],
    ["with a subprotocol in Latin-1", () => good({ "Sec-WebSocket-Protocol": "mcp, \xff" }), [400]],
    [
      "with a tab between subprotocols",
      () => good({ "Sec-WebSocket-Protocol": "mcp\t,\tx" }),
      [101],
    ],
    [
      "with extensions that are none",
      () =>
        good({ "Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=99;;, =" }),
      [101],
    ],

    ["behind an ordinary request that has no answer yet", () => HEALTH + good(), []],
    ["that is the beginning of TLS", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]],
    ["that is a frame", () => frame({ payload: "{}" }), [400]],
  ])("%s", async (_what, bytes, statuses) => {
    expect(await statusesOf(bytes(), statuses.length)).toEqual(statuses);
  });

  it("that follows the answer to an ordinary one, on the same connection, is answered", async () => {
    const client = openRaw(port());
    client.write(HEALTH);
    await client.until(() => client.statuses().length === 1);
    await pause(20);
    client.write(good());
    await client.until(() => client.statuses().length === 2);
    expect(client.statuses()).toEqual([200, 101]);
    client.socket.destroy();
  });

  it("that comes byte by byte is answered", async () => {
    const client = openRaw(port());
    for (const byte of Buffer.from(good())) {
      client.write(Buffer.from([byte]));
      await pause(1);
    }
    await client.until(() => client.statuses().length > 0);
    expect(client.statuses()).toEqual([101]);
    client.socket.destroy();
  });

  it.each<[what: string, leave: (client: RawSocket) => void]>([
    ["resets the connection", ({ socket }) => void socket.resetAndDestroy()],
    ["closes its end", ({ socket }) => void socket.end()],
    ["disappears", ({ socket }) => void socket.destroy()],
  ])("of clients of which each %s at once harms nobody", async (_what, leave) => {
    for (const bytes of [good(), good({ Authorization: null }), good({ "Content-Length": "5" })]) {
      for (let times = 0; times < 20; times++) {
        const client = openRaw(port());
        client.socket.write(bytes, () => leave(client));
        await pause(times % 3);
        client.socket.on("error", () => {});
        if (times === 19) await client.ended;
        client.socket.destroy();
      }
    }
    expect(await statusesOf(good(), 1)).toEqual([101]);
  });
});
