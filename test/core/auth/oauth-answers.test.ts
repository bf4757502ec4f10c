import { describe, expect, it } from "vitest";
import { startLoopbackServer, type LoopbackAnswer } from "../../helpers/loopback-server.ts";
import { createFixture, toSpec, VERIFIER } from "./oauth-fixture.ts";
import { flow, GOOD, openTokenEndpoint } from "./oauth-token-endpoint.ts";

/** Beside the token, in a part that nobody reads. */
const NO_UTF8 = Buffer.from(JSON.stringify({ ...GOOD, more: "\u00ff" }), "latin1");

describe("an answer of a token endpoint", () => {
  it.each<[string, LoopbackAnswer]>([
    ["HTML", { headers: { "content-type": "text/html" }, body: "<html>Sign in</html>" }],
    [
      "HTML that says it is JSON",
      { headers: { "content-type": "application/json" }, body: "<html>" },
    ],
    ["nothing", { body: "" }],
    ["a list", { body: "[]" }],
    ["a text", { body: '"token"' }],
    ["null", { body: "null" }],
    ["half an object", { body: '{"access_token":"a-token"' }],
    ["a token with bytes that are no UTF-8", { body: NO_UTF8 }],
    ["an empty object", { body: {} }],
    [
      "a form, as GitHub has it for those who do not ask for JSON",
      { body: "access_token=a-token&token_type=bearer" },
    ],
    ["no access token", { body: { ...GOOD, access_token: undefined } }],
    ["an empty access token", { body: { ...GOOD, access_token: "" } }],
    ["an access token of null", { body: { ...GOOD, access_token: null } }],
    ["an access token that is a number", { body: { ...GOOD, access_token: 1 } }],
    ["an access token with a line break", { body: { ...GOOD, access_token: "a\r\nX-Evil: 1" } }],
    ["an access token with a space", { body: { ...GOOD, access_token: "a b" } }],
    ["an access token that is no ASCII", { body: { ...GOOD, access_token: "tökén" } }],
    [
      "an access token of 17,000 characters",
      { body: { ...GOOD, access_token: "a".repeat(17_000) } },
    ],
    ["no type", { body: { ...GOOD, token_type: undefined } }],
    ["a MAC token", { body: { ...GOOD, token_type: "mac" } }],
    ["a DPoP token", { body: { ...GOOD, token_type: "DPoP" } }],
    ["a type that is a number", { body: { ...GOOD, token_type: 1 } }],
    ["an expiry in the past", { body: { ...GOOD, expires_in: -5 } }],
    ["an expiry of zero", { body: { ...GOOD, expires_in: 0 } }],
    ["an expiry of a thousand years", { body: { ...GOOD, expires_in: 31_536_000_000 } }],
    [
      "an expiry that is an instant in milliseconds",
      { body: { ...GOOD, expires_in: 1_700_000_000_000 } },
    ],
    [
      "an infinite expiry",
      { body: '{"access_token":"a","token_type":"Bearer","expires_in":1e999}' },
    ],
    ["an expiry in words", { body: { ...GOOD, expires_in: "soon" } }],
    ["an expiry that begins with a number", { body: { ...GOOD, expires_in: "3600 seconds" } }],
    ["an expiry that is an object", { body: { ...GOOD, expires_in: {} } }],
    ["an expiry that is a truth", { body: { ...GOOD, expires_in: true } }],
    ["a refresh token that is empty", { body: { ...GOOD, refresh_token: "" } }],
    ["a refresh token that is a number", { body: { ...GOOD, refresh_token: 1 } }],
    ["a refresh token with a line break", { body: { ...GOOD, refresh_token: "a\nb" } }],
    ["a scope that is a list", { body: { ...GOOD, scope: ["read"] } }],
    ["an error of a kind that nobody knows", { status: 400, body: { error: "sorry" } }],
    [
      "an error that tries something",
      { status: 400, body: { error: "<script>alert(1)</script>" } },
    ],
    ["an error whose name is one of every object", { status: 400, body: { error: "constructor" } }],
    ["a refusal without an error", { status: 403, body: {} }],
    ["a token with a status that is not that of success", { status: 201, body: GOOD }],
    [
      "a redirect to another host",
      { status: 302, headers: { location: "http://127.0.0.2/token" } },
    ],
    ["a redirect that keeps the method", { status: 307, headers: { location: "/elsewhere" } }],
    [
      "a redirect with a token in it",
      { status: 302, headers: { location: "/elsewhere" }, body: GOOD },
    ],
    ["65 KiB", { body: { ...GOOD, more: "x".repeat(66_560) } }],
    ["no end", { mode: "endless" }],
  ])("that is %s is a bad answer, and no token", async (_what, answer) => {
    const { spec, server } = await openTokenEndpoint(answer);
    const { client } = createFixture();
    const first = await client.exchange(spec, flow);
    const second = await client.refresh(spec, "a-refresh-token", "read");
    for (const refused of [first, second]) {
      expect(refused).toMatchObject({ ok: false, reason: { kind: "bad-answer" } });
      // Nothing of what came is told on.
      expect(JSON.stringify(refused)).not.toMatch(/a-token|script|a-secret|X-Evil/);
    }
    expect(server.requests.map(({ route }) => route)).toEqual(["POST /token", "POST /token"]);
  });

  it.each<[string, object, number | null]>([
    ["an hour", { expires_in: 3600 }, 3_600_000],
    ["digits", { expires_in: "3600" }, 3_600_000],
    ["a second", { expires_in: 1 }, 1000],
    ["parts of a second", { expires_in: 1.9 }, 1000],
    ["ten years", { expires_in: 315_360_000 }, 315_360_000_000],
    ["nothing", { expires_in: undefined }, null],
    ["null", { expires_in: null, refresh_token: null, scope: null }, null],
  ])("whose expiry is %s", async (_what, change, lifetime) => {
    const { spec } = await openTokenEndpoint({ body: { ...GOOD, ...change } });
    const { client, time } = createFixture();
    const granted = await client.exchange(spec, flow);
    expect(granted).toEqual({
      ok: true,
      value: {
        token: {
          accessToken: "a-token",
          expiresAt: lifetime === null ? Number.MAX_SAFE_INTEGER : time.now() + lifetime,
          scope: "read write",
          tokenType: "Bearer",
        },
        missingScopes: [],
        account: null,
      },
    });
  });

  it.each<[string, string | undefined, string, readonly string[]]>([
    ["what was asked for", "read write", "read write", []],
    ["the same in another order", "write read", "write read", []],
    ["less", "read", "read", ["write"]],
    ["more, which is recorded", "read write admin", "read write admin", []],
    ["something else", "admin", "admin", ["read", "write"]],
    ["nothing", "", "", ["read", "write"]],
    ["what no page could show", 'read \u202e\u0007 wri"te', "read", ["write"]],
    ["a name without end", `read ${"x".repeat(257)}`, "read", ["write"]],
    ["names without end", "read ".repeat(500), "read ".repeat(100).trim(), ["write"]],
    ["no word of it, which is all of it", undefined, "read write", []],
    ["the same in other letters, which is something else", "READ write", "READ write", ["read"]],
  ])("that grants %s", async (_what, scope, recorded, missingScopes) => {
    const { spec } = await openTokenEndpoint({ body: { ...GOOD, scope } });
    const { client } = createFixture();
    await expect(client.exchange(spec, flow)).resolves.toMatchObject({
      ok: true,
      value: { token: { scope: recorded }, missingScopes },
    });
  });

  it("to a refresh without a scope grants what was granted before", async () => {
    const { spec } = await openTokenEndpoint({ body: GOOD });
    const { client } = createFixture();
    await expect(client.refresh(spec, "a-refresh-token", "read")).resolves.toMatchObject({
      ok: true,
      value: { token: { scope: "read" }, missingScopes: ["write"] },
    });
  });

  it.each<[string, string, string]>([
    ["bearer", "bearer", "Bearer"],
    ["BEARER", "BEARER", "Bearer"],
  ])("may write its type as %s", async (_name, type, tokenType) => {
    const { spec } = await openTokenEndpoint({ body: { ...GOOD, token_type: type } });
    const { client } = createFixture();
    await expect(client.exchange(spec, flow)).resolves.toMatchObject({
      ok: true,
      value: { token: { tokenType } },
    });
  });

  it("is asked for without a word in the address, and the secret is zeroed", async () => {
    const server = await startLoopbackServer({ "POST /token": { body: GOOD } });
    const urls = { authorization: `${server.origin}/a`, token: `${server.origin}/token` };
    const { spec, secrets } = toSpec({
      declared: { urls },
      settings: { clientId: "client", clientAuth: "post" },
      secret: "a-secret",
    });
    const { client } = createFixture();
    await client.exchange(spec, flow);
    const [{ query, body, headers }] = server.requests as [(typeof server.requests)[0]];
    expect(query.toString()).toBe("");
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: "authorization_code",
      code: "good-code",
      code_verifier: VERIFIER,
      redirect_uri: spec.redirectUri,
      client_id: "client",
      client_secret: "a-secret",
    });
    expect(headers).toMatchObject({
      accept: "application/json",
      "user-agent": "mcp-plugin-server",
    });
    expect(secrets).toEqual([new Uint8Array(8)]);
  });
});
