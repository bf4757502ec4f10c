import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createFixture,
  createKey,
  JWKS,
  KEYS,
  keysAnswer,
  openWithIssuer,
  PUBLIC_URL,
  REFUSED,
  RESOURCE,
} from "./access-token-fixture.ts";

const DAY = 86_400;

describe("a good access token", () => {
  it("says whom it speaks for, what they may use and until when", async () => {
    const { tokens, sign, issuer, time, now } = await openWithIssuer();
    const { origin } = issuer.server;
    const hash = createHash("sha256").update(origin).digest("hex").slice(0, 16);
    const verified = await tokens.verify(await sign({ scope: "mcp:read openid admin" }));
    expect(verified).toEqual({
      ok: true,
      value: {
        issuer: origin,
        subject: "alice",
        clientId: "some-client",
        scopes: ["mcp:read"],
        expiresAt: (now + 3_600) * 1000,
        principal: {
          kind: "user",
          id: `${hash}:alice`,
          scopes: ["mcp"],
          owner: `user:${hash}:alice`,
          issuer: origin,
          access: { plugins: null, tools: null, readOnly: true },
        },
        life: expect.any(AbortSignal),
      },
    });
    expect(time.now()).toBeLessThan((now + 3_600) * 1000);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["of type JWT", { typ: "JWT" }, {}],
    ["of no type", { typ: undefined }, {}],
    ["of a type in full, in capitals", { typ: "application/AT+JWT" }, {}],
    ["for others, too", {}, { aud: ["https://other.example.test", RESOURCE] }],
    ["with a clock that is a minute ahead", {}, { iat: 60, nbf: 60 }],
    ["of the last second", {}, { exp: 1 }],
    ["of a year", {}, { exp: 365 * DAY }],
    ["with a nonce, of a type that no ID token has", {}, { nonce: "n" }],
    ["with a nonce, as Keycloak writes it", { typ: "JWT" }, { nonce: "n", typ: "Bearer" }],
    ["as Cognito writes it", { typ: undefined }, { token_use: "access" }],
    ["with scopes as Microsoft writes them", {}, { scope: undefined, scp: "mcp User.Read" }],
    ["with scopes as a list", {}, { scope: undefined, scp: ["mcp"] }],
  ])("is taken %s", async (_how, header, change) => {
    const { tokens, sign, now } = await openWithIssuer();
    const moments = Object.entries(change).filter(([, value]) => typeof value === "number");
    const absolute = moments.map(([name, value]) => [name, now + (value as number)]);
    const claims = { ...change, ...Object.fromEntries(absolute) };
    expect(await tokens.verify(await sign(claims, { header }))).toMatchObject({
      ok: true,
      value: { scopes: ["mcp"], subject: "alice" },
    });
  });

  it.each(["RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "EdDSA", "Ed25519"])(
    "may be signed with %s",
    async (alg) => {
      const { tokens, sign, issuer } = await openWithIssuer();
      const key = await createKey(alg);
      issuer.answers[JWKS] = keysAnswer(key);
      expect(await tokens.verify(await sign({}, { key }))).toMatchObject({ ok: true });
    },
  );

  it("may be signed with RS256, and by the one key of its kind without an id", async () => {
    const { tokens, sign } = await openWithIssuer();
    const header = { kid: undefined };
    expect(await tokens.verify(await sign({}, { key: KEYS.rs }))).toMatchObject({ ok: true });
    expect(await tokens.verify(await sign({}, { key: KEYS.rs, header }))).toMatchObject({
      ok: true,
    });
  });

  it("without a scope of this server's is good, and lets nobody do anything", async () => {
    const { tokens, sign } = await openWithIssuer();
    const scope = "openid admin plugins:write tools:call mcpx mcp: mcp:Time mcp:time:write";
    const verified = await tokens.verify(await sign({ scope }));
    if (!verified.ok) throw new Error(verified.reason);
    const { scopes, principal } = verified.value;
    expect({ scopes, rights: principal.scopes, access: principal.access }).toEqual({
      scopes: [],
      rights: [],
      access: undefined,
    });
  });

  it("gives the rights to /mcp alone, whatever it says", async () => {
    const { tokens, sign } = await openWithIssuer();
    const scope = "mcp admin operator keys:write audit:payloads";
    const verified = await tokens.verify(await sign({ scope, roles: ["admin"] }));
    expect(verified).toMatchObject({ value: { principal: { scopes: ["mcp"] } } });
  });
});

describe("an access token is refused", () => {
  const audience: [string, Record<string, unknown>][] = [
    ["for another server", { aud: "https://other.example.test/mcp" }],
    ["for an address that ours begins with", { aud: PUBLIC_URL }],
    ["for an address that begins with ours", { aud: `${RESOURCE}/` }],
    ["for an address with ours in its path", { aud: `https://evil.test/${RESOURCE}` }],
    ["for ours in capitals", { aud: RESOURCE.toUpperCase() }],
    ["for others, in a list", { aud: [PUBLIC_URL, `${RESOURCE}?`, `${RESOURCE}#`] }],
    ["for a list within a list", { aud: [[RESOURCE]] }],
    ["for a list that is not all text", { aud: [RESOURCE, 1] }],
    ["for an object", { aud: { 0: RESOURCE } }],
    ["for ours between blanks", { aud: ` ${RESOURCE} ` }],
    ["for several in one text", { aud: `${RESOURCE} https://other.example.test` }],
    ["for nobody", { aud: [] }],
    ["without an audience", { aud: undefined }],
  ];
  it.each(audience)("%s", async (_why, change) => {
    const { tokens, sign, logs } = await openWithIssuer();
    expect(await tokens.verify(await sign(change))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "audience" });
  });

  it.each<[string, string, (origin: string) => unknown]>([
    ["of another issuer", "issuer", () => "https://evil.test"],
    ["of ours with a slash more", "issuer", (origin) => `${origin}/`],
    ["of ours in capitals", "issuer", (origin) => origin.toUpperCase()],
    ["of ours and more", "issuer", (origin) => `${origin}.evil.test`],
    ["of a list of issuers", "issuer", (origin) => [origin]],
    ["of nobody", "issuer", () => undefined],
  ])("%s, and nobody is asked", async (_why, reason, iss) => {
    const { tokens, sign, issuer, logs, asked } = await openWithIssuer();
    expect(await tokens.verify(await sign({ iss: iss(issuer.server.origin) }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason });
    expect(asked).toEqual([]);
  });

  it.each<[string, string, (now: number) => Record<string, unknown>]>([
    ["that has just expired", "expired", (now) => ({ exp: now })],
    ["that expired long ago", "expired", () => ({ exp: 1 })],
    ["that expired before the beginning of time", "expired", () => ({ exp: -1e300 })],
    ["that never expires", "expiry", () => ({ exp: undefined })],
    ["that expires at no moment", "expiry", () => ({ exp: null })],
    ["that expires at a text", "expiry", (now) => ({ exp: String(now + 60) })],
    ["that expires in two years", "expiry", (now) => ({ exp: now + 730 * DAY })],
    ["that expires in milliseconds", "expiry", (now) => ({ exp: (now + 60) * 1000 })],
    ["that expires beyond all numbers", "expiry", () => ({ exp: 1.7e308 })],
    ["that begins after more than a minute", "not yet valid", (now) => ({ nbf: now + 62 })],
    ["that begins at a text", "not yet valid", () => ({ nbf: "0" })],
    ["that is issued in the future", "not yet valid", (now) => ({ iat: now + 62 })],
    ["without a subject", "subject", () => ({ sub: undefined, client_id: undefined })],
    ["with an empty subject", "subject", () => ({ sub: "" })],
    ["with a number as its subject", "subject", () => ({ sub: 7 })],
    ["with half a character as its subject", "subject", () => ({ sub: "\ud800" })],
    ["bound to a key that nobody shows", "bound to a key", () => ({ cnf: { jkt: "x" } })],
    ["with the hash of another token", "not an access token", () => ({ at_hash: "x" })],
    ["with the hash of a code", "not an access token", () => ({ c_hash: "x" })],
    ["that Keycloak calls an ID token", "not an access token", () => ({ typ: "ID" })],
    ["that Keycloak calls a refresh token", "not an access token", () => ({ typ: "Refresh" })],
    ["that Cognito calls an ID token", "not an access token", () => ({ token_use: "id" })],
  ])("%s", async (_why, reason, change) => {
    const { tokens, sign, now, logs } = await openWithIssuer();
    expect(await tokens.verify(await sign(change(now)))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason });
  });

  it("with a nonce and nothing that says what it is: an ID token", async () => {
    const { tokens, sign, logs } = await openWithIssuer();
    const token = await sign({ nonce: "n" }, { header: { typ: "JWT" } });
    expect(await tokens.verify(token)).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "not an access token" });
  });

  const malformed: [string, (token: string) => string][] = [
    ["twice, with a comma", (token) => `${token},${token}`],
    ["twice, with a blank", (token) => `${token} ${token}`],
    ["twice, without anything", (token) => token + token],
    ["with a fourth part", (token) => `${token}.AA`],
    ["without its signature", (token) => token.slice(0, token.lastIndexOf(".") + 1)],
    ["with padding", (token) => `${token}=`],
    ["with a blank behind it", (token) => `${token} `],
    ["with a line end behind it", (token) => `${token}\r\nX-Evil: 1`],
    ["with a letter of another alphabet", (token) => token.replace("e", "е")],
    ["with a scheme before it", (token) => `Bearer ${token}`],
    ["cut in the middle", (token) => token.slice(0, token.length / 2)],
    ["as nothing", () => ""],
    ["as two dots", () => ".."],
    ["as an object", () => JSON.stringify({ payload: "e30", signatures: [] })],
    ["as a key of this server's", () => `mcpk_${"a".repeat(43)}`],
    ["as a token of this server's administrators", () => `mcpa_${"a".repeat(43)}`],
  ];
  it.each(malformed)("%s", async (_how, change) => {
    const { tokens, sign } = await openWithIssuer();
    expect(await tokens.verify(change(await sign()))).toEqual(REFUSED);
  });

  it("beyond 8 KiB, and not up to there", async () => {
    const { tokens, sign } = await openWithIssuer();
    const withLength = async (length: number) => {
      const missing = length - (await sign({ more: "" })).length;
      // Base64 has four letters for three.
      return sign({ more: "x".repeat(Math.floor((missing * 3) / 4)) });
    };
    const fits = await withLength(8_192);
    expect(fits.length).toBeGreaterThan(8_185);
    expect(await tokens.verify(fits)).toMatchObject({ ok: true });
    const long = await withLength(8_200);
    expect(long.length).toBeGreaterThan(8_192);
    expect(await tokens.verify(long)).toEqual(REFUSED);
  });

  it("when nobody's are taken", async () => {
    const { sign } = await openWithIssuer();
    const { tokens, asked } = createFixture();
    expect(await tokens.verify(await sign())).toEqual(REFUSED);
    expect(asked).toEqual([]);
  });
});

describe("what is told of tokens", () => {
  it("to the log is never a part of one", async () => {
    const { tokens, sign, logs } = await openWithIssuer();
    const refused = [await sign({ aud: "x" }), await sign({}, { key: KEYS.other })];
    for (const token of refused) await tokens.verify(token);
    expect(logs.length).toBe(2);
    const text = JSON.stringify(logs);
    for (const part of refused.flatMap((token) => token.split("."))) {
      expect(text).not.toContain(part);
    }
  });
});
