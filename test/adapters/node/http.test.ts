import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpServer } from "../../../adapters/node/http-server.ts";
import { startServer, type RunningServer } from "../../../adapters/node/server.ts";
import { readSettings } from "../../../adapters/node/settings.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { sendRaw } from "../../helpers/raw-http.ts";
import { temporaryFolder } from "../../helpers/server-process.ts";

it("a server has tight limits of its own for how requests arrive, and none for answers", () => {
  const server = createHttpServer(() => {}, null);
  expect({
    headersTimeout: server.headersTimeout,
    requestTimeout: server.requestTimeout,
    keepAliveTimeout: server.keepAliveTimeout,
    maxHeadersCount: server.maxHeadersCount,
    maxRequestsPerSocket: server.maxRequestsPerSocket,
    maxConnections: server.maxConnections,
    // Of what waits to be read: an answer may take its time, and streams stay open for hours.
    timeout: server.timeout,
  }).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    maxHeadersCount: 100,
    maxRequestsPerSocket: 1_000,
    maxConnections: 10_000,
    timeout: 30_000,
  });
});

const folder = temporaryFolder();
let server: RunningServer;
let own: string;

beforeAll(async () => {
  const env = {
    PORT: "0",
    MCP_DATA_DIR: `${folder.path}/data`,
    MCP_CONFIG: `${folder.path}/none.json`,
  };
  const settings = { ...readSettings(env), configNamed: false };
  server = await startServer(settings, createRecordingLogger());
  own = `127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

/** A request line, and whatever follows it; the right Host header unless there is another. */
type Raw = (host: string) => string;

const get =
  (target: string, headers: readonly string[] = []): Raw =>
  (host) =>
    `GET ${target} HTTP/1.1\r\n${[`Host: ${host}`, ...headers].join("\r\n")}\r\n\r\n`;
const exactly =
  (line: string, headers: (host: string) => readonly string[] = () => []): Raw =>
  (host) =>
    `${[line, ...headers(host)].join("\r\n")}\r\n\r\n`;
const post =
  (headers: readonly string[], body: string): Raw =>
  (host) =>
    `POST /mcp HTTP/1.1\r\n${[`Host: ${host}`, ...headers].join("\r\n")}\r\n\r\n${body}`;

const LONG = "x".repeat(20_000);
/** With the Host a hundred and one. */
const MANY = Array.from({ length: 100 }, (_, index) => `X-${index}: a`);
const UPGRADE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

describe("what no browser or client sends", () => {
  it.each<[what: string, raw: Raw, statuses: number[]]>([
    ["an ordinary request", get("/healthz"), [200]],
    ["HTTP/1.0 with a host", exactly("GET /healthz HTTP/1.0", (host) => [`Host: ${host}`]), [200]],
    ["two requests at once", (host) => get("/healthz")(host) + get("/nothing")(host), [200, 404]],

    ["two hosts", get("/healthz", ["Host: evil.example"]), [403]],
    [
      "two hosts, the foreign one first",
      (host) => get("/healthz", [`Host: ${host}`])("evil.example"),
      [403],
    ],
    ["the same host twice", (host) => get("/healthz", [`Host: ${host}`])(host), [403]],
    ["an empty host", () => get("/healthz")(""), [400]],
    ["no host", exactly("GET /healthz HTTP/1.1"), [400]],
    ["HTTP/1.0 without a host", exactly("GET /healthz HTTP/1.0"), [400]],
    ["a foreign host", () => get("/healthz")("evil.example"), [403]],
    [
      "a foreign host in the second request",
      (host) => get("/healthz")(host) + get("/healthz")("evil.example"),
      [200, 403],
    ],
    ["a host in the target", get("http://evil.example/healthz"), [400]],
    ["its own host in the target", (host) => get(`http://${host}/healthz`)(host), [400]],
    ["a port beyond all ports in the target", get("http://x:99999999/"), [400]],
    [
      "a forwarded host",
      () => get("/healthz", ["X-Forwarded-Host: 127.0.0.1"])("evil.example"),
      [403],
    ],
    [
      "two origins",
      get("/healthz", ["Origin: http://localhost", "Origin: http://evil.example"]),
      [403],
    ],
    [
      "two authorizations",
      get("/api/plugins", ["Authorization: Bearer a", "Authorization: Bearer b"]),
      [401],
    ],

    ["two slashes as path", get("//"), [404]],
    ["a host after two slashes", get("//evil.example/healthz"), [404]],
    // To a caller without a token it is a plugin's path like any other.
    ["dots in the path", get("/api/plugins/..%2f..%2fetc%2fpasswd"), [401]],
    ["dots in a path that nobody has", get("/nothing/..%2f..%2fetc%2fpasswd"), [404]],
    ["dots that lead elsewhere", get("/healthz/../api/plugins"), [401]],
    ["a NUL in the path", get("/healthz%00"), [404]],
    ["half an escape in the path", get("/%zz"), [404]],
    ["a space in the path", get("/health z"), [400]],
    ["the target *", exactly("OPTIONS * HTTP/1.1", (host) => [`Host: ${host}`]), [400]],

    ["TRACE", exactly("TRACE /healthz HTTP/1.1", (host) => [`Host: ${host}`]), [404]],
    ["TRACE /mcp", exactly("TRACE /mcp HTTP/1.1", (host) => [`Host: ${host}`]), [401]],
    ["CONNECT", exactly("CONNECT evil.example:443 HTTP/1.1", (host) => [`Host: ${host}`]), []],
    ["a method that is none", exactly("FOO /healthz HTTP/1.1", (host) => [`Host: ${host}`]), [400]],
    [
      "a method in small letters",
      exactly("get /healthz HTTP/1.1", (host) => [`Host: ${host}`]),
      [400],
    ],
    ["HTTP/9.9", exactly("GET /healthz HTTP/9.9", (host) => [`Host: ${host}`]), [400]],
    ["HTTP/2 in plain", exactly("PRI * HTTP/2.0", () => ["", "SM"]), [400]],
    ["an upgrade to HTTP/2", get("/healthz", ["Connection: Upgrade", "Upgrade: h2c"]), [200]],
    ["an upgrade to WebSocket", get("/mcp", UPGRADE), [401]],
    ["an upgrade of two slashes", get("//", UPGRADE), [404]],
    ["the beginning of TLS", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]],
    ["words", () => "Hello there.\r\n\r\n", [400]],

    [
      "both a length and chunks",
      post(["Content-Length: 6", "Transfer-Encoding: chunked"], "0\r\n\r\nG"),
      [400],
    ],
    ["two lengths", post(["Content-Length: 5", "Content-Length: 6"], "hello!"), [400]],
    ["the same length twice", post(["Content-Length: 5", "Content-Length: 5"], "hello"), [400]],
    ["a list of lengths", post(["Content-Length: 5, 5"], "hello"), [400]],
    ["a length with a plus", post(["Content-Length: +5"], "hello"), [400]],
    ["a length below 0", post(["Content-Length: -1"], ""), [400]],
    ["a length in hexadecimal", post(["Content-Length: 0x5"], "hello"), [400]],
    ["a length beyond numbers", post([`Content-Length: ${"9".repeat(20)}`], "hello"), [400]],
    ["chunks by another name", post(["Transfer-Encoding: xchunked"], "0\r\n\r\n"), [501]],
    [
      "chunks in HTTP/1.0",
      (host) =>
        `POST /mcp HTTP/1.0\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      [400],
    ],
    ["a hundred headers and one more", get("/healthz", MANY), [431]],
    ["a hundred headers", get("/healthz", MANY.slice(1)), [200]],
    ["a hundred headers and one more for a WebSocket", get("/mcp", [...UPGRADE, ...MANY]), [431]],
    ["a fragment in the target", get("/healthz#/api/plugins"), [400]],
    [
      "a request behind one that is refused for its form",
      (host) => post(["Transfer-Encoding: xchunked"], "0\r\n\r\n")(host) + get("/healthz")(host),
      [501],
    ],
    [
      "chunks and something else",
      post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n"),
      [400],
    ],
    [
      "a chunk without a size",
      post(["Transfer-Encoding: chunked"], "zz\r\nhello\r\n0\r\n\r\n"),
      [400],
    ],
    ["an expectation that is none", post(["Expect: magic", "Content-Length: 5"], "hello"), [417]],

    ["a folded header", get("/healthz", ["X-A: a\r\n b"]), [400]],
    ["lines that end in LF alone", (host) => `GET /healthz HTTP/1.1\nHost: ${host}\n\n`, [400]],
    ["a NUL in a header", get("/healthz", ["X-A: a\0b"]), [400]],
    ["a space before the colon", get("/healthz", ["X-A : a"]), [400]],
    ["a header without a colon", get("/healthz", ["X-A"]), [400]],
    ["20 KB in a header", get("/healthz", [`X-A: ${LONG}`]), [431]],
    ["20 KB in the path", get(`/${LONG}`), [431]],
    [
      "20 KB beside a chunk",
      post(["Transfer-Encoding: chunked"], `5;${LONG}\r\nhello\r\n0\r\n\r\n`),
      [413],
    ],
  ])("%s", async (_, raw, statuses) => {
    const answer = await sendRaw(server.port, raw(own), Math.max(1, statuses.length));
    expect(answer.statuses).toEqual(statuses);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("tells nothing of the stack behind it", async () => {
    for (const raw of [get("/healthz"), get("/nothing"), get("http://x:99999999/"), get("/%zz")]) {
      const { text } = await sendRaw(server.port, raw(own), 1);
      expect(text).not.toMatch(/express|hono|node|x-powered-by|etag|\/work|\.ts\b/i);
    }
  });
});
