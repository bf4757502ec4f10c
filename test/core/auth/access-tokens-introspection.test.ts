import { describe, expect, it } from "vitest";
import {
  claimsOf,
  CLIENT_SECRET,
  createFixture,
  INTROSPECT,
  introspected,
  METADATA,
  metadataOf,
  REFUSED,
  RESOURCE,
  signJwt,
  startIssuer,
  UNAVAILABLE,
} from "./access-token-fixture.ts";
import type { IssuerSettings } from "../../../src/types/access-tokens.ts";
import { startLoopbackServer, type LoopbackAnswer } from "../../helpers/loopback-server.ts";

const SECOND = 1_000;
const TOKEN = "opaque-token_0123456789~+/==";
const GOOD = { ok: true, value: { subject: "alice", scopes: ["mcp"] } };

/** A server with one issuer that is asked about tokens, and says of each what `answer` has. */
async function open(change: (issuer: IssuerSettings) => IssuerSettings = (same) => same) {
  const issuer = await startIssuer();
  const { settings, secrets } = introspected(issuer);
  const fixture = createFixture(change(settings));
  const { origin } = issuer.server;
  const answer = (members: Record<string, unknown> = {}) => {
    const body = { active: true, ...claimsOf(origin, fixture.time.now()), ...members };
    issuer.answers[INTROSPECT] = { body };
  };
  answer();
  return { issuer, ...fixture, secrets, answer, hits: () => issuer.server.hits(INTROSPECT) };
}

describe("a token that is no JWT", () => {
  it("is good when its issuer says so, which is asked as its client", async () => {
    const { tokens, issuer, asked, secrets } = await open();
    expect(await tokens.verify(TOKEN)).toMatchObject(GOOD);
    const request = issuer.server.requests.at(-1)!;
    expect([...new URLSearchParams(request.body)]).toEqual([
      ["token", TOKEN],
      ["token_type_hint", "access_token"],
    ]);
    const basic = Buffer.from(`mcp%20server:${encodeURIComponent(CLIENT_SECRET)}`);
    expect(request.headers.authorization).toBe(`Basic ${basic.toString("base64")}`);
    expect(request.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const { timeoutMs, maxBytes, redirect } = asked.at(-1)!;
    expect({ timeoutMs, maxBytes, redirect }).toEqual({
      timeoutMs: 5_000,
      maxBytes: 65_536,
      redirect: "refuse",
    });
    expect(secrets.length).toBe(1);
    expect(secrets.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  it("is asked about where the settings say", async () => {
    const other = await startLoopbackServer({ "POST /ask": { body: { active: false } } });
    const { tokens, issuer } = await open((settings) => ({
      ...settings,
      introspection: { ...settings.introspection!, endpoint: `${other.origin}/ask` },
    }));
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    expect(other.hits("POST /ask")).toBe(1);
    expect(issuer.server.requests).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["is not said to be whose", { iss: undefined }],
    ["is for others, too", { aud: ["https://other.example.test", RESOURCE] }],
    ["has a type", { token_type: "Bearer", typ: "Bearer" }],
    ["is of Hydra's use", { token_use: "access_token" }],
  ])("is good when it %s", async (_how, members) => {
    const { tokens, answer } = await open();
    answer(members);
    expect(await tokens.verify(TOKEN)).toMatchObject(GOOD);
  });

  it("of a client that acts for nobody is the client's", async () => {
    const { tokens, answer } = await open();
    answer({ sub: undefined, client_id: "robot" });
    const verified = await tokens.verify(TOKEN);
    if (!verified.ok) throw new Error(verified.reason);
    expect(verified.value.subject).toBe("client_id:robot");
    expect(verified.value.principal.owner).toMatch(/^user:[0-9a-f]{16}:client_id:robot$/);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["is not active", "inactive", { active: false }],
    ["is another issuer's", "issuer", { iss: "https://evil.test" }],
    ["is an issuer's with a slash more", "issuer", { iss: "https://issuer.test/" }],
    ["is an issuer's that is null", "issuer", { iss: null }],
    ["is for another server", "audience", { aud: "https://other.example.test" }],
    ["is for an address that begins with ours", "audience", { aud: `${RESOURCE}/x` }],
    ["is for nobody who is named", "audience", { aud: undefined }],
    ["has expired", "expired", { exp: 1_000_000_000 }],
    ["never expires", "expiry", { exp: undefined }],
    ["expires at a text", "expiry", { exp: "4102444800" }],
    ["is not yet good", "not yet valid", { nbf: 4_102_444_800 }],
    ["is nobody's", "subject", { sub: undefined, client_id: undefined }],
    ["is bound to a key", "bound to a key", { cnf: { jkt: "x" } }],
    ["is a refresh token", "not an access token", { typ: "Refresh" }],
    ["is a refresh token of Hydra's", "not an access token", { token_use: "refresh_token" }],
    ["is an ID token", "not an access token", { typ: "ID" }],
  ])("is refused when it %s", async (_how, reason, members) => {
    const { tokens, answer, logs } = await open();
    answer(members);
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason });
  });

  it.each<[string, LoopbackAnswer]>([
    ["is a page", { headers: { "content-type": "text/html" }, body: "<!doctype html>" }],
    ["is no JSON", { body: '{"active":' }],
    ["is a list", { body: [{ active: true }] }],
    ["is empty", { body: {} }],
    ["says yes in words", { body: { active: "true" } }],
    ["says yes as a number", { body: { active: 1 } }],
    ["is that this server is not known", { status: 401, body: { error: "invalid_client" } }],
    ["is that it may not ask", { status: 403, body: { active: true } }],
    ["is that something broke", { status: 500, body: { active: true } }],
    ["is nothing", { status: 204 }],
    ["is too long", { body: { active: true, more: "x".repeat(65_536) } }],
    ["never ends", { mode: "endless" }],
    ["never comes", { mode: "silent" }],
  ])("is neither good nor bad when the answer %s", async (_how, answer) => {
    const { tokens, issuer, answer: answerWell, logs } = await open();
    issuer.answers[INTROSPECT] = answer;
    expect(await tokens.verify(TOKEN)).toEqual(UNAVAILABLE);
    expect(logs.map(({ level }) => level)).toEqual(["warn"]);
    answerWell();
    expect(await tokens.verify(TOKEN)).toMatchObject(GOOD);
  });

  it("is not sent on to where a redirect leads", async () => {
    const { tokens, issuer } = await open();
    const elsewhere = await startLoopbackServer({ "POST /introspect": { body: { active: true } } });
    const location = `${elsewhere.origin}/introspect`;
    issuer.answers[INTROSPECT] = { status: 307, headers: { location } };
    expect(await tokens.verify(TOKEN)).toEqual(UNAVAILABLE);
    expect(elsewhere.requests).toEqual([]);
  });

  it("is not asked about without a secret", async () => {
    const { tokens, hits } = await open((settings) => ({
      ...settings,
      introspection: { ...settings.introspection!, secret: async () => null },
    }));
    expect(await tokens.verify(TOKEN)).toEqual(UNAVAILABLE);
    expect(hits()).toBe(0);
  });

  it("is not asked about where the issuer names no place for it", async () => {
    const { tokens, issuer } = await open();
    const body = { ...metadataOf(issuer.server.origin), introspection_endpoint: undefined };
    issuer.answers[METADATA] = { body };
    expect(await tokens.verify(TOKEN)).toEqual(UNAVAILABLE);
  });

  it("is refused where no issuer can be asked, and goes nowhere", async () => {
    const issuer = await startIssuer();
    const { tokens, asked } = createFixture({ issuer: issuer.server.origin });
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    expect(asked).toEqual([]);
  });

  it.each([
    `mcpk_${"a".repeat(43)}`,
    `mcpa_${"a".repeat(43)}`,
    "x".repeat(8_193),
    "two words",
    "line\r\nend",
    "",
  ])("goes nowhere if it cannot be one: %j", async (token) => {
    const { tokens, asked } = await open();
    expect(await tokens.verify(token)).toEqual(REFUSED);
    expect(asked).toEqual([]);
  });

  it("leaves JWTs to be checked here: none is shown to its issuer", async () => {
    const { tokens, issuer, time, hits } = await open();
    const token = await signJwt({ claims: claimsOf(issuer.server.origin, time.now()) });
    expect(await tokens.verify(token)).toMatchObject(GOOD);
    expect(await tokens.verify(`${token.slice(0, token.lastIndexOf("."))}.AAAA`)).toEqual(REFUSED);
    expect(hits()).toBe(0);
  });
});

describe("what an issuer says of a token", () => {
  it("holds for a minute, and is the same object as long as it is the same", async () => {
    const { tokens, hits, time } = await open();
    const first = await tokens.verify(TOKEN);
    await time.advance(60 * SECOND - 1);
    const second = await tokens.verify(TOKEN);
    expect(hits()).toBe(1);
    await time.advance(1);
    const third = await tokens.verify(TOKEN);
    expect(hits()).toBe(2);
    if (!first.ok || !second.ok || !third.ok) throw new Error("A good token was refused.");
    expect(second.value).toBe(first.value);
    expect(third.value).toBe(first.value);
  });

  it("never holds beyond the token's own end", async () => {
    const { tokens, answer, time } = await open();
    answer({ exp: Math.floor(time.now() / 1000) + 10 });
    const verified = await tokens.verify(TOKEN);
    if (!verified.ok) throw new Error(verified.reason);
    expect(verified.value.life.aborted).toBe(false);
    await time.advance(10 * SECOND);
    expect(verified.value.life.aborted).toBe(true);
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
  });

  it("is heard within a minute when it has ended it, and ends what is still open", async () => {
    const { tokens, issuer, time } = await open();
    const verified = await tokens.verify(TOKEN);
    if (!verified.ok) throw new Error(verified.reason);
    issuer.answers[INTROSPECT] = { body: { active: false } };
    await time.advance(60 * SECOND);
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    expect(verified.value.life.aborted).toBe(true);
  });

  it("may be less than before: whoever came with more has to come again", async () => {
    const { tokens, answer, time } = await open();
    const before = await tokens.verify(TOKEN);
    if (!before.ok) throw new Error(before.reason);
    answer({ scope: "mcp:read", exp: before.value.expiresAt / 1000 });
    await time.advance(60 * SECOND);
    expect(await tokens.verify(TOKEN)).toMatchObject({ ok: true, value: { scopes: ["mcp:read"] } });
    expect(before.value.life.aborted).toBe(true);
  });

  it("holds for 10 s when it is no", async () => {
    const { tokens, answer, hits, time } = await open();
    answer({ active: false });
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    answer();
    await time.advance(10 * SECOND - 1);
    expect(await tokens.verify(TOKEN)).toEqual(REFUSED);
    expect(hits()).toBe(1);
    await time.advance(1);
    expect(await tokens.verify(TOKEN)).toMatchObject(GOOD);
    expect(hits()).toBe(2);
  });

  it("is asked for once when a token comes a hundred times at once", async () => {
    const { tokens, hits } = await open();
    const all = await Promise.all(Array.from({ length: 100 }, () => tokens.verify(TOKEN)));
    expect(all.filter(({ ok }) => ok)).toHaveLength(100);
    expect(hits()).toBe(1);
  });
});
