import { exportJWK } from "jose";
import { describe, expect, it } from "vitest";
import {
  claimsOf,
  createFixture,
  createKey,
  JWKS,
  KEYS,
  keysAnswer,
  METADATA,
  metadataOf,
  OIDC_METADATA,
  REFUSED,
  signJwt,
  startIssuer,
  UNAVAILABLE,
  type SigningKey,
} from "./access-token-fixture.ts";
import type { IssuerSettings } from "../../../src/types/access-tokens.ts";
import { startLoopbackServer, type LoopbackAnswer } from "../../helpers/loopback-server.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const GOOD = { ok: true, value: { subject: "alice" } };

/** A server with one issuer. Each token is one that was not seen before. */
async function open(settings: Partial<IssuerSettings> = {}) {
  const issuer = await startIssuer();
  const fixture = createFixture({ issuer: issuer.server.origin, ...settings });
  const { tokens, time } = fixture;
  let count = 0;
  const verify = async (
    key: Pick<SigningKey, "kid" | "alg" | "privateKey"> = KEYS.es,
    header: Record<string, unknown> = {},
  ) => {
    const claims = { ...claimsOf(issuer.server.origin, time.now()), jti: String(++count) };
    return tokens.verify(await signJwt({ claims, key, header }));
  };
  return { issuer, ...fixture, verify, hits: () => issuer.server.hits(JWKS) };
}

describe("the keys of an issuer", () => {
  it("are read when the first token comes, and for 10 minutes no more", async () => {
    const { verify, hits, time } = await open();
    expect(hits()).toBe(0);
    for (let round = 0; round < 3; round++) expect(await verify()).toMatchObject(GOOD);
    await time.advance(10 * MINUTE - 1);
    expect(await verify()).toMatchObject(GOOD);
    expect(hits()).toBe(1);
    await time.advance(1);
    expect(await verify()).toMatchObject(GOOD);
    expect(hits()).toBe(2);
  });

  it("are read once for a hundred tokens that come together", async () => {
    const { verify, issuer } = await open();
    const all = await Promise.all(Array.from({ length: 100 }, () => verify()));
    expect(all.filter(({ ok }) => ok)).toHaveLength(100);
    expect(issuer.server.requests.map(({ route }) => route)).toEqual([METADATA, JWKS]);
  });

  it("are read anew for one that came with a rotation", async () => {
    const { verify, hits, issuer, time } = await open();
    expect(await verify()).toMatchObject(GOOD);
    const next = await createKey("ES256", "next");
    await time.advance(30 * SECOND);
    issuer.answers[JWKS] = keysAnswer(next);
    expect(await verify(next)).toMatchObject(GOOD);
    expect(hits()).toBe(2);
    expect(await verify(KEYS.es)).toEqual(REFUSED);
  });

  it("are read for keys that nobody has every 30 s at most, and still found when they have come", async () => {
    const { verify, hits, issuer, time } = await open();
    await verify();
    const unknown = { ...KEYS.other, kid: "made-up" };
    for (let second = 0; second < 60; second++) {
      expect(await verify({ ...unknown, kid: `made-up-${second}` })).toEqual(REFUSED);
      await time.advance(SECOND);
    }
    expect(hits()).toBe(2);
    const next = await createKey("ES256", "next");
    issuer.answers[JWKS] = keysAnswer(next);
    expect(await verify(next)).toMatchObject(GOOD);
    expect(hits()).toBe(3);
  });

  it("serve for a day while the issuer is down, which is asked every 30 s at most", async () => {
    const { verify, hits, issuer, time } = await open();
    expect(await verify()).toMatchObject(GOOD);
    issuer.answers[JWKS] = { status: 503 };
    await time.advance(10 * MINUTE);
    for (let second = 0; second < 60; second++) {
      expect(await verify()).toMatchObject(GOOD);
      await time.advance(SECOND);
    }
    expect(hits()).toBe(3);
    await time.advance(24 * HOUR - 12 * MINUTE);
    expect(await verify()).toMatchObject(GOOD);
    await time.advance(MINUTE);
    expect(await verify()).toEqual(UNAVAILABLE);
    issuer.answers[JWKS] = keysAnswer(KEYS.es);
    await time.advance(5 * SECOND);
    expect(await verify()).toMatchObject(GOOD);
  });

  it("that are missing while the issuer is down could be new ones: nobody can tell", async () => {
    const { verify, issuer, time } = await open();
    await verify();
    issuer.answers[JWKS] = { status: 503 };
    await time.advance(30 * SECOND);
    expect(await verify(KEYS.other)).toEqual(UNAVAILABLE);
    expect(await verify(KEYS.es)).toMatchObject(GOOD);
  });

  it("end with their set within 11 minutes, also for tokens that were good", async () => {
    const { tokens, time, issuer } = await open();
    const claims = claimsOf(issuer.server.origin, time.now());
    const token = await signJwt({ claims });
    expect(await tokens.verify(token)).toMatchObject(GOOD);
    issuer.answers[JWKS] = keysAnswer(KEYS.rs);
    await time.advance(11 * MINUTE);
    expect(await tokens.verify(token)).toEqual(REFUSED);
  });

  it("that cannot check anything harm no others", async () => {
    const { verify, issuer } = await open();
    const weak = { ...KEYS.rs.jwk, kid: "broken", n: "AQAB" };
    const secret = { kty: "oct", k: "c2VjcmV0", kid: "secret", alg: "HS256" };
    const privateKey = { ...(await exportJWK(KEYS.other.privateKey)), kid: KEYS.other.kid };
    const keys = [weak, secret, privateKey, { kty: "odd" }, {}, KEYS.es.jwk];
    issuer.answers[JWKS] = { body: { keys } };
    expect(await verify()).toMatchObject(GOOD);
    expect(await verify(KEYS.other)).toEqual(REFUSED);
    expect(await verify({ ...KEYS.rs, kid: "broken" })).toEqual(REFUSED);
  });

  it("for encryption sign nothing", async () => {
    const { verify, issuer } = await open();
    issuer.answers[JWKS] = { body: { keys: [{ ...KEYS.es.jwk, use: "enc" }] } };
    expect(await verify()).toEqual(REFUSED);
  });

  it.each<[string, LoopbackAnswer]>([
    ["are not there", { status: 404 }],
    ["are in trouble", { status: 500, body: { keys: [KEYS.es.jwk] } }],
    ["are a page", { headers: { "content-type": "text/html" }, body: "<!doctype html>" }],
    ["are no JSON", { body: '{"keys":[' }],
    ["are no UTF-8", { body: new Uint8Array([0x7b, 0xff, 0x7d]) }],
    ["are a list", { body: [KEYS.es.jwk] }],
    ["are no list", { body: { keys: KEYS.es.jwk } }],
    ["are a list of other things", { body: { keys: [KEYS.es.jwk, "key"] } }],
    ["are as long as nobody's", { body: { keys: [KEYS.es.jwk], more: "x".repeat(262_144) } }],
    [
      "are too many",
      { body: { keys: Array.from({ length: 3_000 }, () => ({ a: 1, b: 2, c: 3 })) } },
    ],
    ["never end", { mode: "endless" }],
    ["never come", { mode: "silent" }],
  ])("that %s are none, and every token has to wait", async (_how, answer) => {
    const { verify, issuer, logs, time } = await open();
    issuer.answers[JWKS] = answer;
    expect(await verify()).toEqual(UNAVAILABLE);
    expect(logs.map(({ level }) => level)).toEqual(["warn"]);
    issuer.answers[JWKS] = keysAnswer(KEYS.es);
    await time.advance(5 * SECOND);
    expect(await verify()).toMatchObject(GOOD);
  });

  it("are not followed to where a redirect leads", async () => {
    const { verify, issuer } = await open();
    const elsewhere = await startLoopbackServer({ "GET /jwks": keysAnswer(KEYS.es) });
    const location = `${elsewhere.origin}/jwks`;
    issuer.answers[JWKS] = { status: 302, headers: { location } };
    expect(await verify()).toEqual(UNAVAILABLE);
    expect(elsewhere.requests).toEqual([]);
  });

  it("are asked for with a limit of time and length", async () => {
    const { verify, asked } = await open();
    await verify();
    const { timeoutMs, maxBytes, redirect, headers } = asked.at(-1)!;
    expect({ timeoutMs, maxBytes, redirect }).toEqual({
      timeoutMs: 5_000,
      maxBytes: 262_144,
      redirect: "refuse",
    });
    expect(Object.keys(headers!).toSorted()).toEqual(["accept", "user-agent"]);
  });
});

describe("where the keys of an issuer are", () => {
  it("is what the settings say, and then nobody else is asked", async () => {
    const keys = await startLoopbackServer({ "GET /certs": keysAnswer(KEYS.es) });
    const { verify, issuer } = await open({ jwksUri: `${keys.origin}/certs` });
    expect(await verify()).toMatchObject(GOOD);
    expect(issuer.server.requests).toEqual([]);
  });

  it("is what OpenID Connect says, where RFC 8414 says nothing", async () => {
    const { verify, issuer } = await open();
    issuer.answers[OIDC_METADATA] = issuer.answers[METADATA];
    issuer.answers[METADATA] = undefined;
    expect(await verify()).toMatchObject(GOOD);
    expect(issuer.server.requests.map(({ route }) => route)).toEqual([
      METADATA,
      OIDC_METADATA,
      JWKS,
    ]);
  });

  it.each<[string, (origin: string) => object]>([
    ["of another issuer", () => ({ issuer: "https://evil.test" })],
    ["of the issuer with a slash more", (origin) => ({ issuer: `${origin}/` })],
    ["without a place for keys", () => ({ jwks_uri: undefined })],
    ["with a place that is no text", () => ({ jwks_uri: 7 })],
    ["with a place without TLS", () => ({ jwks_uri: "http://evil.test/jwks" })],
    ["with a place that is a file", () => ({ jwks_uri: "file:///etc/passwd" })],
    [
      "with a place on a network that may not be reached",
      () => ({ jwks_uri: "https://10.0.0.1/" }),
    ],
  ])("is not told by metadata %s", async (_how, change) => {
    const { verify, issuer } = await open();
    const { origin } = issuer.server;
    issuer.answers[METADATA] = { body: { ...metadataOf(origin), ...change(origin) } };
    expect(await verify()).toEqual(UNAVAILABLE);
    expect(issuer.server.hits(JWKS)).toBe(0);
  });

  it("is known for a day while the metadata cannot be read", async () => {
    const { verify, issuer, time } = await open();
    await verify();
    issuer.answers[METADATA] = { status: 503 };
    await time.advance(HOUR);
    const next = await createKey("ES256", "next");
    issuer.answers[JWKS] = keysAnswer(next);
    expect(await verify(next)).toMatchObject(GOOD);
  });

  it("is asked for every 5 s at most while nothing is known", async () => {
    const { verify, issuer, time } = await open();
    issuer.answers[METADATA] = { status: 503 };
    for (let second = 0; second < 10; second++) {
      expect(await verify()).toEqual(UNAVAILABLE);
      await time.advance(SECOND);
    }
    expect(issuer.server.hits(METADATA)).toBe(2);
    expect(issuer.server.hits(JWKS)).toBe(0);
  });
});

describe("several issuers", () => {
  it("each vouch for their own, and nobody for the other's", async () => {
    const [one, two] = [await startIssuer(), await startIssuer()];
    const key = await createKey("ES256");
    two.answers[JWKS] = keysAnswer(key);
    const { tokens, time } = createFixture(
      { issuer: one.server.origin },
      { issuer: two.server.origin },
    );
    const sign = (origin: string, by: SigningKey) =>
      signJwt({ claims: claimsOf(origin, time.now()), key: by });
    const first = await tokens.verify(await sign(one.server.origin, KEYS.es));
    const second = await tokens.verify(await sign(two.server.origin, key));
    if (!first.ok || !second.ok) throw new Error("A good token was refused.");
    expect(first.value.subject).toBe(second.value.subject);
    expect(first.value.principal.id).not.toBe(second.value.principal.id);
    expect(first.value.principal.owner).not.toBe(second.value.principal.owner);
    expect(await tokens.verify(await sign(one.server.origin, key))).toEqual(REFUSED);
    expect(await tokens.verify(await sign(two.server.origin, KEYS.es))).toEqual(REFUSED);
  });

  it("each have the audience that their settings name, and no other", async () => {
    const issuer = await startIssuer();
    const { tokens, time } = createFixture({
      issuer: issuer.server.origin,
      audience: ["api://mcp", "9f3c"],
    });
    const claims = claimsOf(issuer.server.origin, time.now());
    const withAudience = (aud: unknown) => signJwt({ claims: { ...claims, aud } });
    expect(await tokens.verify(await withAudience("9f3c"))).toMatchObject(GOOD);
    expect(await tokens.verify(await withAudience(["x", "api://mcp"]))).toMatchObject(GOOD);
    expect(await tokens.verify(await signJwt({ claims }))).toEqual(REFUSED);
  });
});
