import { describe, expect, it } from "vitest";
import { checkJwtRequest } from "../../src/util/jwt-request.ts";

const NOW_S = 1_700_000_000;
const REQUEST = { claims: { iss: "robot" }, algorithm: "ES256" };
const check = (request: unknown) => checkJwtRequest(request, NOW_S * 1_000 + 999, "id-1");

describe("a token's request", () => {
  it("has everything decided that it leaves out", () => {
    expect(check(REQUEST)).toEqual({
      algorithm: "ES256",
      claims: { iss: "robot", iat: NOW_S, exp: NOW_S + 300, jti: "id-1" },
      kid: null,
      key: "private_key",
    });
  });

  it("keeps what it says", () => {
    const claims = {
      aud: ["a", "b"],
      iat: NOW_S - 10,
      jti: "mine",
      exp: NOW_S + 60,
      deep: { n: [1] },
    };
    expect(check({ claims, algorithm: "HS256", header: { kid: "k1" }, key: "secret" })).toEqual({
      algorithm: "HS256",
      claims,
      kid: "k1",
      key: "secret",
    });
  });

  it.each([[1], [3_600]])("may last %i s", (expiresInSeconds) => {
    const { claims } = check({ ...REQUEST, expiresInSeconds });
    expect(claims["exp"]).toBe(NOW_S + expiresInSeconds);
  });

  it("is a copy: what the plugin changes later changes nothing", () => {
    const claims: Record<string, unknown> = { scope: ["read"] };
    const checked = check({ ...REQUEST, claims });
    claims["scope"] = ["write"];
    expect(checked.claims["scope"]).toEqual(["read"]);
  });
});

describe("is refused", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  it.each([
    ["nothing", undefined, "The request is not JSON"],
    ["a text", "token", "The request must be an object."],
    ["a cycle", { ...REQUEST, claims: cyclic }, "The request is not JSON"],
    [
      "a large one",
      { ...REQUEST, claims: { a: "x".repeat(17_000) } },
      "The request is larger than",
    ],
    ["no algorithm", { claims: {} }, "The algorithm must be one of RS256, ES256, EdDSA, HS256."],
    ["alg none", { ...REQUEST, algorithm: "none" }, "The algorithm must be one of"],
    ["alg None", { ...REQUEST, algorithm: "None" }, "The algorithm must be one of"],
    ["RS384", { ...REQUEST, algorithm: "RS384" }, "The algorithm must be one of"],
    ["a list as algorithm", { ...REQUEST, algorithm: ["RS256"] }, "The algorithm must be one of"],
    ["no claims", { algorithm: "RS256" }, "The claims must be an object."],
    ["a list of claims", { ...REQUEST, claims: [] }, "The claims must be an object."],
    ["an unknown member", { ...REQUEST, alg: "none" }, 'The request has no member "alg".'],
    ["a reserved key", { ...REQUEST, key: "$oauth.refresh" }, "The key must be the name"],
    ["another's key", { ...REQUEST, key: "../b/key" }, "The key must be the name"],
    ["a key that is no text", { ...REQUEST, key: 5 }, "The key must be the name"],
    [
      "alg in the header",
      { ...REQUEST, header: { alg: "none" } },
      'The header may have a "kid" alone.',
    ],
    [
      "crit",
      { ...REQUEST, header: { kid: "k", crit: ["b64"] } },
      'The header may have a "kid" alone.',
    ],
    ["b64", { ...REQUEST, header: { b64: false } }, 'The header may have a "kid" alone.'],
    [
      "jku",
      { ...REQUEST, header: { jku: "https://e.example" } },
      'The header may have a "kid" alone.',
    ],
    ["a long kid", { ...REQUEST, header: { kid: "k".repeat(257) } }, '"kid" must be a text'],
    ["a number as kid", { ...REQUEST, header: { kid: 1 } }, '"kid" must be a text'],
    ["an iss that is no text", { ...REQUEST, claims: { iss: 1 } }, '"iss" must be a text.'],
    [
      "an aud that is none",
      { ...REQUEST, claims: { aud: [1] } },
      '"aud" must be a text or several.',
    ],
    [
      "an exp that is text",
      { ...REQUEST, claims: { exp: "1" } },
      '"exp" must be a time in whole seconds.',
    ],
    [
      "an exp in the past",
      { ...REQUEST, claims: { exp: NOW_S } },
      "The token must expire in the future",
    ],
    [
      "a far exp",
      { ...REQUEST, claims: { exp: NOW_S + 3_601 } },
      "The token must expire in the future, and live 3600 seconds at most.",
    ],
    [
      "an exp in milliseconds",
      { ...REQUEST, claims: { exp: NOW_S * 1_000 } },
      "The token must expire",
    ],
    ["a long life", { ...REQUEST, expiresInSeconds: 3_601 }, "The token must expire"],
    [
      "no life",
      { ...REQUEST, expiresInSeconds: 0 },
      "expiresInSeconds must be a whole number above 0.",
    ],
    [
      "half a second",
      { ...REQUEST, expiresInSeconds: 0.5 },
      "expiresInSeconds must be a whole number",
    ],
    [
      "exp and a life",
      { ...REQUEST, claims: { exp: NOW_S + 9 }, expiresInSeconds: 9 },
      'Give either "exp"',
    ],
    [
      "an iat ahead",
      { ...REQUEST, claims: { iat: NOW_S + 61 } },
      '"iat" must be about the present time.',
    ],
    [
      "an old iat",
      { ...REQUEST, claims: { iat: NOW_S - 3_601 } },
      '"iat" must be about the present time.',
    ],
    [
      "an iat and exp too far apart",
      { ...REQUEST, claims: { iat: NOW_S - 60, exp: NOW_S + 3_541 } },
      "The token must expire",
    ],
  ])("%s", (_what, request, reason) => {
    expect(() => check(request)).toThrow(
      expect.objectContaining({
        code: "CREDENTIAL_INVALID",
        message: expect.stringContaining(`No token was signed. ${reason}`) as string,
      }) as Error,
    );
  });
});
