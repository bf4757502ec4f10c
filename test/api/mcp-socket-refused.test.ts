import { describe, expect, it } from "vitest";
import { sha256 } from "../../adapters/node/runtime.ts";
import {
  askForSocket,
  authorized,
  BEARER,
  keyProtocol,
  NONCE,
  offering,
  openApp,
  refusedWith,
  type SocketParts,
} from "../helpers/socket-request.ts";
import { ADMIN_TOKEN, CLIENT_KEY, OTHER_CLIENT_KEY } from "../helpers/test-app.ts";

const at = (target: string): SocketParts => ({ target, headers: { authorization: BEARER } });

describe("a WebSocket is refused", () => {
  it.each<[what: string, parts: SocketParts, status: number, code: string | null]>([
    ["without a key", {}, 401, "UNAUTHENTICATED"],
    ["with an unknown key", authorized({ authorization: "Bearer nobody" }), 401, "UNAUTHENTICATED"],
    ["with another scheme", authorized({ authorization: "Basic eDp5" }), 401, "UNAUTHENTICATED"],
    ["with two headers", authorized({ authorization: [BEARER, BEARER] }), 401, "UNAUTHENTICATED"],
    [
      "with a key as token in the query",
      { target: `/mcp?token=${CLIENT_KEY}` },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a key as key in the query",
      { target: `/mcp?key=${CLIENT_KEY}` },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a key as access_token in the query",
      { target: `/mcp?access_token=${CLIENT_KEY}` },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a key in a cookie",
      { headers: { cookie: `key=${CLIENT_KEY}` } },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with an unknown key as subprotocol",
      { headers: offering("mcp", keyProtocol("nobody")) },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with an empty key as subprotocol",
      { headers: offering("mcp", "mcp.bearer.") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a subprotocol that no key is behind",
      { headers: offering("mcp", "mcp.bearer.%zz") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a line break in the key",
      { headers: offering("mcp", "mcp.bearer.a%0d%0ahost:%20b") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with two keys as subprotocols",
      { headers: offering("mcp", keyProtocol(CLIENT_KEY), keyProtocol(OTHER_CLIENT_KEY)) },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with another key in the header",
      authorized(offering("mcp", keyProtocol(OTHER_CLIENT_KEY))),
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a good key in the header and none that can be read as subprotocol",
      authorized(offering("mcp", "mcp.bearer.%zz")),
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with another scheme in the header and a good key as subprotocol",
      { headers: { authorization: "Basic eDp5", ...offering("mcp", keyProtocol(CLIENT_KEY)) } },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with the token of an administrator",
      authorized({ authorization: `Bearer ${ADMIN_TOKEN}` }),
      403,
      "FORBIDDEN",
    ],

    ["for a foreign host", authorized({ host: "evil.example" }), 403, "HOST_REFUSED"],
    ["for two hosts", authorized({ host: ["localhost", "localhost"] }), 403, "HOST_REFUSED"],
    ["for no host", authorized({ host: null }), 403, "HOST_REFUSED"],
    ["for a foreign page", authorized({ origin: "http://evil.example" }), 403, "ORIGIN_REFUSED"],
    ["for a page without an origin", authorized({ origin: "null" }), 403, "ORIGIN_REFUSED"],
    [
      "for two pages",
      authorized({ origin: ["http://localhost", "http://evil.example"] }),
      403,
      "ORIGIN_REFUSED",
    ],
    [
      "for a foreign page without a key",
      { headers: { origin: "http://evil.example" } },
      403,
      "ORIGIN_REFUSED",
    ],

    ["elsewhere", at("/"), 404, "NOT_FOUND"],
    ["elsewhere without a key", { target: "/healthz" }, 404, "NOT_FOUND"],
    ["at an existing path", at("/api/plugins"), 404, "NOT_FOUND"],
    ["at two slashes", at("//"), 404, "NOT_FOUND"],
    ["at /mcp/", at("/mcp/"), 404, "NOT_FOUND"],
    ["at /MCP", at("/MCP"), 404, "NOT_FOUND"],
    ["at /mcp in another writing", at("/%6dcp"), 404, "NOT_FOUND"],
    ["at /mcp after dots", at("/./mcp"), 404, "NOT_FOUND"],
    ["at /mcp behind a host", at("//localhost/mcp"), 404, "NOT_FOUND"],
    ["at an address", at("http://localhost:3000/mcp"), 404, "NOT_FOUND"],
    ["at an address that is none", at("http://x:99999999/"), 404, "NOT_FOUND"],
    ["at nothing", at(""), 404, "NOT_FOUND"],
    ["at *", at("*"), 404, "NOT_FOUND"],
    [
      "elsewhere on a foreign host",
      { ...at("/x"), headers: { host: "evil.example" } },
      403,
      "HOST_REFUSED",
    ],

    ["by POST", { ...authorized(), method: "POST" }, 405, null],
    ["by HEAD", { ...authorized(), method: "HEAD" }, 405, null],
    ["without a version", authorized({ "sec-websocket-version": null }), 426, null],
    ["of version 8", authorized({ "sec-websocket-version": "8" }), 426, null],
    ["of version 13.0", authorized({ "sec-websocket-version": "13.0" }), 426, null],
    ["of version 13 twice", authorized({ "sec-websocket-version": ["13", "13"] }), 426, null],
    ["without a nonce", authorized({ "sec-websocket-key": null }), 400, null],
    ["with a short nonce", authorized({ "sec-websocket-key": "dGhlIHNhbXBsZQ==" }), 400, null],
    ["with a long nonce", authorized({ "sec-websocket-key": `AAAA${NONCE}` }), 400, null],
    [
      "with a nonce of other letters",
      authorized({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25j-_==" }),
      400,
      null,
    ],
    [
      "with a nonce twice",
      authorized({
        "sec-websocket-key": [NONCE, NONCE],
      }),
      400,
      null,
    ],
    ["with a body", authorized({ "content-length": "5" }), 400, null],
    ["with a body in chunks", authorized({ "transfer-encoding": "chunked" }), 400, null],
    ["with other subprotocols alone", authorized(offering("graphql-ws", "mqtt")), 400, null],
    ["with a key alone as subprotocol", { headers: offering(keyProtocol(CLIENT_KEY)) }, 400, null],
    ["with mcp in other letters", authorized(offering("MCP")), 400, null],
    ["with one subprotocol twice", authorized(offering("mcp", "mcp")), 400, null],
    ["with an empty subprotocol", authorized({ "sec-websocket-protocol": "mcp,,x" }), 400, null],
    ["with no subprotocol in its list", authorized({ "sec-websocket-protocol": "" }), 400, null],
    ["with a subprotocol of two words", authorized(offering("mcp two")), 400, null],
    ["with a subprotocol that is no token", authorized(offering("mcp", "a/b")), 400, null],
    [
      "in a bad form without a key",
      { headers: { "sec-websocket-key": "x" } },
      401,
      "UNAUTHENTICATED",
    ],
  ])("%s", async (_what, parts, status, code) => {
    const app = await openApp();
    expect(await refusedWith(await askForSocket(app, parts))).toEqual({ status, code });
  });

  it.each<[what: string, parts: SocketParts, header: string, value: string]>([
    ["the method", { ...authorized(), method: "PUT" }, "allow", "GET"],
    ["the version", authorized({ "sec-websocket-version": "7" }), "sec-websocket-version", "13"],
    [
      "the protocol to upgrade to",
      authorized({ "sec-websocket-version": "7" }),
      "upgrade",
      "websocket",
    ],
    ["the credential", {}, "www-authenticate", 'Bearer realm="mcp-plugin-server"'],
  ])("with a header that says what would do: %s", async (_what, parts, header, value) => {
    const decision = await askForSocket(await openApp(), parts);
    expect(decision.kind === "refused" && decision.response.headers.get(header)).toBe(value);
  });

  it("with a problem of the server's, when the server fails", async () => {
    const app = await openApp({
      deps: {
        sha256: (bytes) => {
          if (new TextDecoder().decode(bytes) === CLIENT_KEY) throw new Error("no hash today");
          return sha256(bytes);
        },
      },
    });
    expect(await refusedWith(await askForSocket(app, authorized()))).toEqual({
      status: 500,
      code: "INTERNAL",
    });
    expect(app.logs.find(({ level }) => level === "error")).toMatchObject({
      message: "Request failed",
      fields: { code: "INTERNAL", error: expect.stringContaining("no hash today") },
    });
  });
});
