import { createHmac, createPublicKey, type JsonWebKey as NodeJwk } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  claimsOf,
  createKey,
  JWKS,
  KEYS,
  keysAnswer,
  RESOURCE,
  PUBLIC_URL as ORIGIN,
  signJwt,
  startIssuer,
  writeJwt,
  type JwtParts,
} from "../core/auth/access-token-fixture.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { startLoopbackServer } from "../helpers/loopback-server.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin, type TestPlugin } from "../helpers/plugins.ts";
import { openApp } from "../helpers/socket-request.ts";
import type { TestApp } from "../helpers/test-app.ts";

const WHERE = `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp", scope="mcp"`;
const NO_TOKEN = `Bearer realm="mcp-plugin-server", ${WHERE}`;
const INVALID =
  'Bearer realm="mcp-plugin-server", error="invalid_token", error_description="The access token is not valid for this server, ' +
  `or not any more.", ${WHERE}`;
const OTHER = "https://other.example.test/mcp";

const seconds = () => Math.floor(Date.now() / 1_000);

async function open(plugin: TestPlugin = testPlugin({ tools: { read: async () => "read" } })) {
  const issuer = await startIssuer();
  const time = createFakeTime(Date.now());
  const app = await openApp({
    plugins: { one: () => plugin },
    publicUrl: () => ORIGIN,
    deps: { issuers: [{ issuer: issuer.server.origin }], time },
  });
  const claims = claimsOf(issuer.server.origin, time.now());
  const sign = ({ claims: changed = {}, ...parts }: Partial<JwtParts> = {}) =>
    signJwt({ claims: { ...claims, ...changed }, ...parts });
  return { app, issuer, time, claims, sign };
}

async function call(app: TestApp, key: string | null, headers: Record<string, string> = {}) {
  const request = modernRequest(
    "tools/call",
    { name: "one_read", arguments: {} },
    { key, headers },
  );
  return outcomeOf(await app.request("/mcp", request));
}

async function outcomeOf(response: Response) {
  const { code = null } = (await response.json()) as { code?: string };
  return { status: response.status, code, challenge: response.headers.get("www-authenticate") };
}

const TAKEN = { status: 200, code: null, challenge: null };
const REFUSED = { status: 401, code: "TOKEN_INVALID", challenge: INVALID };

/** A good token, and what makes it a bad one; of what is good already, what it is compared with. */
type Row = [what: string, bad: Partial<JwtParts>, good?: Partial<JwtParts>];

describe("a token that its issuer has signed is refused", () => {
  it.each<Row>([
    ["for another resource", { claims: { aud: OTHER } }],
    ["for the origin alone", { claims: { aud: ORIGIN } }],
    ["for an address that begins with ours", { claims: { aud: `${RESOURCE}/` } }],
    [
      "for several others",
      { claims: { aud: [OTHER, ORIGIN] } },
      { claims: { aud: [OTHER, RESOURCE] } },
    ],
    ["for nobody", { claims: { aud: undefined } }],
    ["for no one in a list", { claims: { aud: [] } }, { claims: { aud: [RESOURCE] } }],
    ["of another issuer", { claims: { iss: "https://evil.example.test" } }],
    ["of nobody", { claims: { iss: undefined } }],
    ["that has expired", { claims: { exp: seconds() - 1 } }, { claims: { exp: seconds() + 60 } }],
    ["that never expires", { claims: { exp: undefined } }],
    ["of the future", { claims: { nbf: seconds() + 600 } }, { claims: { nbf: seconds() - 600 } }],
    ["issued in the future", { claims: { iat: seconds() + 600 } }],
    ["of the type of a log-out", { header: { typ: "logout+jwt" } }, { header: { typ: "JWT" } }],
    [
      "that is an ID token by its hash",
      { header: { typ: "JWT" }, claims: { at_hash: "x" } },
      { header: { typ: "JWT" } },
    ],
    [
      "that is an ID token by its nonce",
      { header: { typ: "JWT" }, claims: { nonce: "x" } },
      { header: { typ: "at+jwt" }, claims: { nonce: "x" } },
    ],
    ["that says it is an ID token", { claims: { typ: "ID" } }, { claims: { typ: "Bearer" } }],
    ["that is bound to a key", { claims: { cnf: { jkt: "x" } } }],
    ["with a rule of its own", { header: { crit: ["b64"], b64: true } }],
    ["that says where its key is", { header: { jku: "https://evil.example.test/jwks" } }],
    ["that brings its key along", { header: { jwk: KEYS.es.jwk } }],
    ["that says where its certificate is", { header: { x5u: "https://evil.example.test/c" } }],
    ["that brings a certificate along", { header: { x5c: ["MIIB"] } }],
    ["under the id of nobody's key", { header: { kid: "nobody's" } }],
    ["under the id of another key", { header: { kid: KEYS.rs.kid } }],
    ["under a path as its key's id", { header: { kid: "../../../../dev/null" } }],
    ["under an address as its key's id", { header: { kid: "https://evil.example.test/key" } }],
    ["under a query as its key's id", { header: { kid: "' UNION SELECT 'x" } }],
    ["under a number as its key's id", { header: { kid: 1 } }],
  ])("%s", async (_what, bad, good = {}) => {
    const { app, issuer, sign } = await open();
    expect(await call(app, await sign(good))).toEqual(TAKEN);
    expect(await call(app, await sign(bad))).toEqual(REFUSED);
    // Whatever it says, nobody is asked but the issuer, where it always is.
    expect(issuer.server.requests.map(({ route }) => route).toSorted()).toEqual([
      "GET /.well-known/oauth-authorization-server",
      JWKS,
    ]);
  });
});

describe("a token that its issuer has not signed is refused", () => {
  type Forge = (parts: {
    claims: Record<string, unknown>;
    good: string;
  }) => Promise<string> | string;

  it.each<[what: string, forge: Forge]>([
    ["by nobody", ({ claims }) => writeJwt({ alg: "none", typ: "at+jwt" }, claims)],
    [
      "by nobody, with the signature of a good one",
      ({ claims, good }) => writeJwt({ alg: "none" }, claims, good.split(".")[2]),
    ],
    ["by none in capitals", ({ claims }) => writeJwt({ alg: "NONE" }, claims, "AAAA")],
    [
      "by somebody, under the issuer's key id",
      async ({ claims }) => signJwt({ claims, key: await createKey("ES256", KEYS.es.kid) }),
    ],
    [
      "by somebody who brings the key along",
      ({ claims }) => signJwt({ claims, key: KEYS.other, header: { jwk: KEYS.other.jwk } }),
    ],
    ["by somebody under an id of their own", ({ claims }) => signJwt({ claims, key: KEYS.other })],
    [
      "whose claims were changed",
      ({ claims, good }) => {
        const [header, , signature] = good.split(".");
        return `${header}.${writeJwt({}, { ...claims, sub: "eve" }).split(".")[1]}.${signature}`;
      },
    ],
    ...(["pem", "der"] as const).map((format): [string, Forge] => [
      `with HS256 by the issuer's public RSA key as ${format}`,
      ({ claims }) => {
        const header = { alg: "HS256", kid: KEYS.rs.kid, typ: "at+jwt" };
        const unsigned = writeJwt(header, claims).slice(0, -1);
        const hmac = createHmac("sha256", publicKeyAs(format)).update(unsigned);
        return `${unsigned}.${hmac.digest("base64url")}`;
      },
    ]),
  ])("%s", async (_what, forge) => {
    const { app, claims, sign } = await open();
    const good = await sign();
    expect(await call(app, good)).toEqual(TAKEN);
    expect(await call(app, await forge({ claims, good }))).toEqual(REFUSED);
  });
});

describe("a good token is of no use", () => {
  it.each<[where: string, path: (token: string) => string, headers: (token: string) => object]>([
    ["in the query", (token) => `/mcp?access_token=${token}`, () => ({})],
    ["in a cookie", () => "/mcp", (token) => ({ cookie: `access_token=${token}` })],
    ["under another scheme", () => "/mcp", (token) => ({ authorization: `DPoP ${token}` })],
    ["without a scheme", () => "/mcp", (token) => ({ authorization: token })],
    ["in a header of its own", () => "/mcp", (token) => ({ "x-access-token": token })],
    [
      "beside another one",
      () => "/mcp",
      (token) => ({ authorization: `Bearer ${token}, Bearer ${token}` }),
    ],
  ])("%s", async (_where, path, headers) => {
    const { app, sign } = await open();
    const token = await sign();
    const { headers: usual, ...init } = modernRequest("tools/list", {}, { key: null });
    const send = async (to: string, more: object) =>
      outcomeOf(await app.request(to, { ...init, headers: { ...usual, ...more } }));
    expect(await send(path(token), headers(token))).toEqual({
      status: 401,
      code: "UNAUTHENTICATED",
      challenge: NO_TOKEN,
    });
    expect(await send("/mcp", { authorization: `Bearer ${token}` })).toEqual(TAKEN);
  });
});

describe("while the issuer's keys change", () => {
  it("tokens by the new key are taken, and those by the old one until it is forgotten", async () => {
    const { app, issuer, time, sign } = await open();
    const next = await createKey("ES256", "next");
    const [old, fresh] = [await sign(), await sign({ key: next })];
    expect(await call(app, old)).toEqual(TAKEN);
    issuer.answers[JWKS] = keysAnswer(KEYS.es, next);
    await time.advance(30_000);
    expect(await call(app, fresh)).toEqual(TAKEN);
    expect(await call(app, old)).toEqual(TAKEN);
    issuer.answers[JWKS] = keysAnswer(next);
    await time.advance(11 * 60_000);
    expect(await call(app, fresh)).toEqual(TAKEN);
    expect(await call(app, old)).toEqual(REFUSED);
  });

  it("and it is down, only tokens by keys that nobody knows have to come again", async () => {
    const { app, issuer, time, sign } = await open();
    const next = await createKey("ES256", "next");
    expect(await call(app, await sign())).toEqual(TAKEN);
    issuer.answers[JWKS] = { status: 500 };
    await time.advance(30_000);
    const request = modernRequest("tools/list", {}, { key: await sign({ key: next }) });
    const unknown = await app.request("/mcp", request);
    expect(unknown.headers.get("retry-after")).toBe("5");
    expect(await outcomeOf(unknown)).toEqual({
      status: 503,
      code: "ISSUER_UNAVAILABLE",
      challenge: null,
    });
    // Never seen before, by a key that was.
    expect(await call(app, await sign({ claims: { sub: "bob" } }))).toEqual(TAKEN);
    const forged = await sign({ key: { ...next, kid: KEYS.es.kid } });
    expect(await call(app, forged)).toEqual(REFUSED);
    issuer.answers[JWKS] = keysAnswer(KEYS.es, next);
    await time.advance(30_000);
    expect(await call(app, await sign({ key: next }))).toEqual(TAKEN);
  });
});

it("a token goes nowhere: not to what a plugin asks, not to the plugin, not to its own issuer", async () => {
  const upstream = await startLoopbackServer({ "POST /ask": { body: { ok: true } } });
  const seen: string[] = [];
  const plugin: TestPlugin = testPlugin({
    tools: {
      async read(_args, given) {
        seen.push(JSON.stringify([given, Object.keys(given), plugin.context!.config]));
        const response = await plugin.context!.fetch(`${upstream.origin}/ask`, {
          method: "POST",
          headers: { "x-own": "of the plugin" },
          body: "of the plugin",
        });
        return response.text();
      },
    },
  });
  const { app, issuer, sign } = await open(plugin);
  const token = await sign();
  expect(await call(app, token)).toEqual(TAKEN);
  expect(upstream.requests.map(({ headers, body }) => [headers["x-own"], body])).toEqual([
    ["of the plugin", "of the plugin"],
  ]);
  const everything = JSON.stringify([seen, upstream.requests, issuer.server.requests, app.logs]);
  for (const part of token.split(".")) expect(everything).not.toContain(part);
});

function publicKeyAs(format: "pem" | "der"): string | Buffer {
  const key = createPublicKey({ key: KEYS.rs.jwk as NodeJwk, format: "jwk" });
  return key.export({ format, type: "spki" } as { format: "pem"; type: "spki" });
}
