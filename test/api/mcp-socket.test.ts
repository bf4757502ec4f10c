import { onTestFinished, describe, expect, it } from "vitest";
import { sha256, systemTime } from "../../adapters/node/runtime.ts";
import { toKeyRecord, type SocketDecision } from "../../src/index.ts";
import {
  ADMIN_TOKEN,
  CLIENT_KEY,
  createTestApp,
  OTHER_CLIENT_KEY,
  type TestApp,
  type TestAppOptions,
} from "../helpers/test-app.ts";

/** Of base64's alphabet, as `openssl rand -base64 32` makes keys: no subprotocol may have these characters. */
const BASE64_KEY = "q83vEjRWeJq83vEjRWeJq8+/EjRWeJq83vEjRWeJo==";

const GOOD = {
  host: "localhost:3000",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const BEARER = `Bearer ${CLIENT_KEY}`;

interface Parts {
  readonly method?: string;
  readonly target?: string;
  /** Over those of a good handshake; `null` leaves one out, a list sends one as often. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
}

async function openApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await createTestApp(options);
  onTestFinished(() => app.close());
  return app;
}

function open(app: TestApp, { method = "GET", target = "/mcp", headers = {} }: Parts) {
  const all = new Headers();
  for (const [name, value] of Object.entries({ ...GOOD, ...headers })) {
    for (const each of value === null ? [] : [value].flat()) all.append(name, each);
  }
  return app.openSocket({ method, target, headers: all });
}

/** What was answered instead of a WebSocket: the status, and the code where the body has one. */
async function refusedWith(decision: SocketDecision) {
  if (decision.kind === "accepted") throw new Error("It was accepted.");
  const { response } = decision;
  const body = (await response.json()) as { code?: string };
  return { status: response.status, code: body.code ?? null };
}

const protocols = (...names: string[]) => ({ "sec-websocket-protocol": names.join(", ") });
const bearer = (key: string) => `mcp.bearer.${encodeURIComponent(key)}`;

describe("a WebSocket is opened", () => {
  it.each<[how: string, parts: Parts, protocol: string | null]>([
    ["with a key in the header", { headers: { authorization: BEARER } }, null],
    ["with a key and mcp", { headers: { authorization: BEARER, ...protocols("mcp") } }, "mcp"],
    [
      "with mcp among others",
      { headers: { authorization: BEARER, ...protocols("x", "mcp", "y") } },
      "mcp",
    ],
    ["with a key as subprotocol", { headers: protocols("mcp", bearer(CLIENT_KEY)) }, "mcp"],
    ["with that key first", { headers: protocols(bearer(CLIENT_KEY), "mcp") }, "mcp"],
    ["with a key in base64", { headers: protocols("mcp", bearer(BASE64_KEY)) }, "mcp"],
    [
      "with one key both ways",
      {
        headers: { authorization: `bearer ${CLIENT_KEY}`, ...protocols("mcp", bearer(CLIENT_KEY)) },
      },
      "mcp",
    ],
    [
      "with a page of this machine",
      { headers: { authorization: BEARER, origin: "http://localhost:5173" } },
      null,
    ],
    ["with a query", { target: "/mcp?a=b", headers: { authorization: BEARER } }, null],
    ["with an empty body", { headers: { authorization: BEARER, "content-length": "0" } }, null],
  ])("%s", async (_how, parts, protocol) => {
    const record = { id: "client-3", name: "base64", kind: "client", scopes: ["mcp"] } as const;
    const app = await openApp({
      deps: {
        keys: [
          await toKeyRecord(CLIENT_KEY, { ...record, id: "client-1", createdAt: 0 }, sha256),
          await toKeyRecord(BASE64_KEY, { ...record, createdAt: 0 }, sha256),
        ],
      },
    });
    expect(await open(app, parts)).toMatchObject({ kind: "accepted", protocol });
  });

  it("without any key where none is needed", async () => {
    const config = { allowedHosts: ["localhost"], allowedOrigins: [], auth: "none", sse: false };
    const app = await openApp({ deps: { config: { ...config, auth: "none" } } });
    expect(await open(app, {})).toMatchObject({ kind: "accepted", protocol: null });
    expect(await open(app, { headers: protocols("mcp", "mcp.bearer.x") })).toMatchObject({
      kind: "accepted",
      protocol: "mcp",
    });
    const foreign = await open(app, { headers: { origin: "http://evil.example" } });
    expect(await refusedWith(foreign)).toEqual({ status: 403, code: "ORIGIN_REFUSED" });
  });
});

const authorized = (headers: Parts["headers"] = {}): Parts => ({
  headers: { authorization: BEARER, ...headers },
});
const at = (target: string): Parts => ({ target, headers: { authorization: BEARER } });

describe("a WebSocket is refused", () => {
  it.each<[what: string, parts: Parts, status: number, code: string | null]>([
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
      { headers: protocols("mcp", bearer("nobody")) },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with an empty key as subprotocol",
      { headers: protocols("mcp", "mcp.bearer.") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a subprotocol that no key is behind",
      { headers: protocols("mcp", "mcp.bearer.%zz") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a line break in the key",
      { headers: protocols("mcp", "mcp.bearer.a%0d%0ahost:%20b") },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with two keys as subprotocols",
      { headers: protocols("mcp", bearer(CLIENT_KEY), bearer(OTHER_CLIENT_KEY)) },
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with another key in the header",
      authorized(protocols("mcp", bearer(OTHER_CLIENT_KEY))),
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with a good key in the header and none that can be read as subprotocol",
      authorized(protocols("mcp", "mcp.bearer.%zz")),
      401,
      "UNAUTHENTICATED",
    ],
    [
      "with another scheme in the header and a good key as subprotocol",
      { headers: { authorization: "Basic eDp5", ...protocols("mcp", bearer(CLIENT_KEY)) } },
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
    [
      "with a long nonce",
      authorized({ "sec-websocket-key": `AAAA${GOOD["sec-websocket-key"]}` }),
      400,
      null,
    ],
    [
      "with a nonce of other letters",
      authorized({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25j-_==" }),
      400,
      null,
    ],
    [
      "with a nonce twice",
      authorized({
        "sec-websocket-key": [GOOD["sec-websocket-key"], GOOD["sec-websocket-key"]],
      }),
      400,
      null,
    ],
    ["with a body", authorized({ "content-length": "5" }), 400, null],
    ["with a body in chunks", authorized({ "transfer-encoding": "chunked" }), 400, null],
    ["with other subprotocols alone", authorized(protocols("graphql-ws", "mqtt")), 400, null],
    ["with a key alone as subprotocol", { headers: protocols(bearer(CLIENT_KEY)) }, 400, null],
    ["with mcp in other letters", authorized(protocols("MCP")), 400, null],
    ["with one subprotocol twice", authorized(protocols("mcp", "mcp")), 400, null],
    ["with an empty subprotocol", authorized({ "sec-websocket-protocol": "mcp,,x" }), 400, null],
    ["with no subprotocol in its list", authorized({ "sec-websocket-protocol": "" }), 400, null],
    ["with a subprotocol of two words", authorized(protocols("mcp two")), 400, null],
    ["with a subprotocol that is no token", authorized(protocols("mcp", "a/b")), 400, null],
    [
      "in a bad form without a key",
      { headers: { "sec-websocket-key": "x" } },
      401,
      "UNAUTHENTICATED",
    ],
  ])("%s", async (_what, parts, status, code) => {
    const app = await openApp();
    expect(await refusedWith(await open(app, parts))).toEqual({ status, code });
  });

  it.each<[what: string, parts: Parts, header: string, value: string]>([
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
    const decision = await open(await openApp(), parts);
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
    expect(await refusedWith(await open(app, authorized()))).toEqual({
      status: 500,
      code: "INTERNAL",
    });
    expect(app.logs.find(({ level }) => level === "error")).toMatchObject({
      message: "Request failed",
      fields: { code: "INTERNAL", error: expect.stringContaining("no hash today") },
    });
  });
});

describe("the log", () => {
  it("has a line for each refusal, with what was answered, and no key in it", async () => {
    const app = await openApp();
    const wrong = "nobody-has-ever-made-this-key";
    const refused = await open(app, { headers: protocols("mcp", bearer(wrong)) });
    await open(app, { target: `/elsewhere?token=${CLIENT_KEY}` });
    await open(app, authorized({ "sec-websocket-key": "x" }));
    await open(app, { headers: protocols("mcp", bearer(CLIENT_KEY)) });
    const lines = app.logs.filter(({ message }) => message === "WebSocket refused");
    expect(lines.map(({ level, fields }) => [level, fields["status"], fields["code"]])).toEqual([
      ["info", 401, "UNAUTHENTICATED"],
      ["info", 404, "NOT_FOUND"],
      ["info", 400, null],
    ]);
    const body = refused.kind === "refused" ? await refused.response.json() : null;
    expect(body).toMatchObject({ requestId: lines[0]!.fields["requestId"] });
    expect(JSON.stringify(app.logs)).not.toMatch(new RegExp(`${wrong}|${CLIENT_KEY}`));
    expect(JSON.stringify(body)).not.toContain(wrong);
  });
});

const NO_CHANNEL = { send: async () => {}, close: () => {} };

describe("the sockets of one principal", () => {
  it("are 50 at most, and those of others do not count", async () => {
    const app = await openApp();
    const served = [];
    for (let count = 0; count < 50; count++) {
      const decision = await open(app, authorized());
      served.push(decision.kind === "accepted" ? decision.serve(NO_CHANNEL) : null);
    }
    expect(served).not.toContain(null);
    expect(await refusedWith(await open(app, authorized()))).toEqual({
      status: 429,
      code: "TOO_MANY_CONNECTIONS",
    });
    const other = await open(app, authorized({ authorization: `Bearer ${OTHER_CLIENT_KEY}` }));
    expect(other.kind).toBe("accepted");

    served[0]!.closed();
    expect((await open(app, authorized())).kind).toBe("accepted");
  });

  it("are counted again when one opens: two may have been let in for one place", async () => {
    const app = await openApp();
    const decisions = await Promise.all(Array.from({ length: 51 }, () => open(app, authorized())));
    const served = decisions.map((decision) =>
      decision.kind === "accepted" ? decision.serve(NO_CHANNEL) : "refused",
    );
    expect(served.filter((channel) => channel === null)).toHaveLength(1);
    expect(served.at(-1)).toBeNull();
  });

  it("are none any more once the server has closed", async () => {
    const app = await createTestApp({ deps: { time: systemTime } });
    const before = await open(app, authorized());
    await app.close();
    expect(before.kind === "accepted" && before.serve(NO_CHANNEL)).toBeNull();
    expect(await refusedWith(await open(app, authorized()))).toEqual({
      status: 429,
      code: "TOO_MANY_CONNECTIONS",
    });
  });
});
