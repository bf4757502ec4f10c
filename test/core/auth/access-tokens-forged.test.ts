import { createHmac, createPublicKey, type JsonWebKey as NodeJwk } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createKey,
  JWKS,
  KEYS,
  keysAnswer,
  openWithIssuer,
  REFUSED,
  writeJwt,
} from "./access-token-fixture.ts";

describe("an access token is refused", () => {
  it.each<[string, string, Record<string, unknown>]>([
    ["of the type of a log-out", "type", { typ: "logout+jwt" }],
    ["of the type of an introspection", "type", { typ: "token-introspection+jwt" }],
    ["of the type of a proof", "type", { typ: "dpop+jwt" }],
    ["of an empty type", "type", { typ: "" }],
    ["of a type that is no text", "type", { typ: ["at+jwt"] }],
    ["that brings its key along", "header", { jwk: KEYS.other.jwk }],
    ["that says where its key is", "header", { jku: "https://evil.test/jwks" }],
    ["that says where its certificate is", "header", { x5u: "https://evil.test/cert" }],
    ["that brings its certificate along", "header", { x5c: ["MIIB"] }],
    ["with a key id that is a number", "header", { kid: 1 }],
    ["with a key id that is a list", "header", { kid: ["key-ES256"] }],
  ])("%s, and nobody is asked", async (_why, reason, header) => {
    const { tokens, sign, logs, asked } = await openWithIssuer();
    expect(await tokens.verify(await sign({}, { header }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason });
    expect(asked).toEqual([]);
  });

  it("that demands a rule of its own, and nobody is asked", async () => {
    const { tokens, good, logs, asked } = await openWithIssuer();
    const header = { alg: "ES256", kid: KEYS.es.kid, crit: ["b64"], b64: true };
    expect(await tokens.verify(writeJwt(header, good, "AA"))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "header" });
    expect(asked).toEqual([]);
  });

  it.each([
    "../../../../dev/null",
    "..%2f..%2fetc%2fpasswd",
    "/dev/null",
    "https://evil.test/jwks.json",
    "file:///etc/passwd",
    "' OR '1'='1",
    "__proto__",
    "key-ES256\0",
    "KEY-ES256",
    "",
    "k".repeat(4_000),
  ])("with a key id that nobody has: %j, which leads nowhere", async (kid) => {
    const { tokens, sign, issuer, asked, logs } = await openWithIssuer();
    expect(await tokens.verify(await sign({}, { header: { kid } }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "key" });
    const { origin } = issuer.server;
    expect(asked.map(({ url }) => url)).toEqual([
      `${origin}/.well-known/oauth-authorization-server`,
      `${origin}/jwks`,
    ]);
  });

  it("with the id of another key of the issuer's", async () => {
    const { tokens, sign, logs } = await openWithIssuer();
    const header = { kid: KEYS.rs.kid };
    expect(await tokens.verify(await sign({}, { header }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "key" });
  });

  it("signed with a key that is not the issuer's, under an id that is", async () => {
    const { tokens, sign, logs } = await openWithIssuer();
    const key = { ...KEYS.other, kid: KEYS.es.kid };
    expect(await tokens.verify(await sign({}, { key }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "signature" });
  });

  it("whose claims were changed after it was signed", async () => {
    const { tokens, sign, good } = await openWithIssuer();
    const [header, , signature] = (await sign({ scope: "mcp:read" })).split(".");
    const [, body] = writeJwt({}, { ...good, scope: "mcp" }).split(".");
    expect(await tokens.verify(`${header}.${body}.${signature}`)).toEqual(REFUSED);
  });

  it("without an id of its key, when two could be meant", async () => {
    const { tokens, sign, issuer, logs } = await openWithIssuer();
    issuer.answers[JWKS] = keysAnswer(KEYS.es, await createKey("ES256", "another"));
    expect(await tokens.verify(await sign({}, { header: { kid: undefined } }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "key" });
  });

  it.each(["none", "None", "NONE", "nOnE", "", "HS256", "RS1", "ML-DSA-44", "dir", 5, null])(
    "with the algorithm %j, and nobody is asked",
    async (alg) => {
      const { tokens, good, asked } = await openWithIssuer();
      const header = { alg, kid: KEYS.es.kid, typ: "at+jwt" };
      for (const signature of ["", "AA"]) {
        expect(await tokens.verify(writeJwt(header, good, signature))).toEqual(REFUSED);
      }
      expect(asked).toEqual([]);
    },
  );

  it("with the algorithm none and the signature of a good one", async () => {
    const { tokens, good, sign } = await openWithIssuer();
    const signature = (await sign()).split(".")[2];
    const token = writeJwt({ alg: "none", kid: KEYS.es.kid }, good, signature);
    expect(await tokens.verify(token)).toEqual(REFUSED);
  });

  it.each<[string, (jwk: NodeJwk) => string | Buffer]>([
    ["as PEM", (jwk) => publicKeyOf(jwk).export({ format: "pem", type: "spki" })],
    [
      "as PEM without its last line end",
      (jwk) => String(publicKeyOf(jwk).export({ format: "pem", type: "spki" })).trimEnd(),
    ],
    [
      "as PEM of the older form",
      (jwk) => publicKeyOf(jwk).export({ format: "pem", type: "pkcs1" }),
    ],
    ["as DER", (jwk) => publicKeyOf(jwk).export({ format: "der", type: "spki" })],
    ["as JWK", (jwk) => JSON.stringify(jwk)],
    ["by its modulus", (jwk) => Buffer.from(jwk.n!, "base64url")],
  ])("signed with HS256 by the issuer's public RSA key %s", async (_form, secretOf) => {
    const { tokens, good, asked } = await openWithIssuer();
    for (const alg of ["HS256", "HS384", "HS512"]) {
      const unsigned = writeJwt({ alg, kid: KEYS.rs.kid, typ: "at+jwt" }, good).slice(0, -1);
      const hmac = createHmac(`sha${alg.slice(2)}`, secretOf(KEYS.rs.jwk));
      const token = `${unsigned}.${hmac.update(unsigned).digest("base64url")}`;
      expect(await tokens.verify(token)).toEqual(REFUSED);
    }
    expect(asked).toEqual([]);
  });

  it("signed by an algorithm for which the issuer has no such key", async () => {
    const { tokens, sign, logs } = await openWithIssuer();
    const key = { ...(await createKey("RS512")), kid: KEYS.rs.kid };
    expect(await tokens.verify(await sign({}, { key }))).toEqual(REFUSED);
    expect(logs.at(-1)?.fields).toEqual({ reason: "key" });
  });
});

function publicKeyOf(key: NodeJwk) {
  return createPublicKey({ key, format: "jwk" });
}
