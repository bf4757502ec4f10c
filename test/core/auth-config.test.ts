import { describe, expect, it } from "vitest";
import { readAuthConfig } from "../../src/core/auth-config.ts";

const FIELD = { type: "password", required: true, description: "The key" };
const AUTH = { type: "api-key", required: true, fields: { api_key: FIELD } };

const withField = (field: object) => ({ ...AUTH, fields: { api_key: { ...FIELD, ...field } } });

function read(object: unknown, manifest: unknown = null) {
  const result = readAuthConfig(manifest, object);
  if (!result.ok) return result.reason;
  return result.value && { ...result.value, fields: Object.fromEntries(result.value.fields) };
}

describe("how a plugin authenticates", () => {
  it("is nothing where neither its object nor its manifest says it", () => {
    expect(read(undefined, undefined)).toBeNull();
  });

  it.each([
    ["object", AUTH, null],
    ["manifest", null, AUTH],
    ["object and its manifest", AUTH, AUTH],
  ])("is what its %s says, with everything decided", (_who, object, manifest) => {
    expect(read(object, manifest)).toEqual({
      type: "api-key",
      required: true,
      owner: "shared",
      fields: { api_key: { ...FIELD, validation: null } },
      oauth: null,
    });
  });

  it.each([
    { provider: "github", scopes: ["repo"] },
    { provider: "custom", scopes: [], urls: { issuer: "https://login.example" } },
    {
      provider: "custom",
      scopes: ["a:b", "https://api.example/read"],
      urls: { authorization: "https://login.example/a", token: "https://login.example/t" },
    },
  ])("may be by an account, and needs no fields then: %j", (oauth) => {
    expect(read({ type: "oauth2", required: true, owner: "user", oauth })).toEqual({
      type: "oauth2",
      required: true,
      owner: "user",
      fields: {},
      oauth,
    });
  });

  it.each([
    ["a regular expression", /^sk-[a-z]+$/i],
    ["its source and flags", { source: "^sk-[a-z]+$", flags: "i" }],
  ])("has a pattern as data, whether it came as %s", (_form, validation) => {
    expect(read(withField({ validation }))).toMatchObject({
      fields: { api_key: { validation: { source: "^sk-[a-z]+$", flags: "i" } } },
    });
  });

  it("may be described in other words in the manifest", () => {
    const described = withField({ description: "Your key" });
    expect(read(AUTH, described)).toMatchObject({ fields: { api_key: FIELD } });
  });
});

describe("is refused, and the fault is named", () => {
  it.each([
    ["a text", "key", /^Its auth is not valid: .*object/],
    [
      "a provider that nobody knows",
      { type: "oauth2", required: true, oauth: { provider: "gogle", scopes: [] } },
      /oauth\/provider: .*google.*custom/,
    ],
    [
      "a scope with a blank in it",
      { type: "oauth2", required: true, oauth: { provider: "github", scopes: ["repo user"] } },
      /oauth\/scopes\/0: is not a scope/,
    ],
    [
      "a provider of one's own without addresses",
      { type: "oauth2", required: true, oauth: { provider: "custom", scopes: [] } },
      /oauth: needs urls\/issuer, or urls\/authorization and urls\/token/,
    ],
    [
      "an account where the kind is another",
      { ...AUTH, oauth: { provider: "github", scopes: [] } },
      /oauth is for the type "oauth2"/,
    ],
    ["an unknown kind", { ...AUTH, type: "magic" }, /^Its auth is not valid: type: /],
    ["no word on whether it is required", { type: "custom", fields: {} }, /: required: /],
    ["an unknown member", { ...AUTH, requird: true }, /"requird"/],
    ["an unknown owner", { ...AUTH, owner: "all" }, /: owner: /],
    ["a reserved name", { ...AUTH, fields: { $key: FIELD } }, /: fields\/\$key: /],
    ["a name with a slash", { ...AUTH, fields: { "a/b": FIELD } }, /: fields\/a\/b: /],
    ["an unknown type of field", withField({ type: "number" }), /: fields\/api_key\/type: /],
    ["an empty description", withField({ description: "" }), /: fields\/api_key\/description: /],
    [
      "a pattern that is no regular expression",
      withField({ validation: "^a" }),
      /api_key\/validation/,
    ],
    [
      "look-around",
      withField({ validation: /(?=a)b/ }),
      /^Its auth is not valid: fields\/api_key\/validation: the pattern cannot be run in linear time \(look-around and back references cannot\): /,
    ],
    ["a back reference", withField({ validation: /(a)\1/ }), /linear time/],
    ["the flag g", withField({ validation: /a/g }), /the flag "g" is not supported/],
    ["the flag y", withField({ validation: /a/y }), /the flag "y" is not supported/],
    ["a huge pattern", withField({ validation: /(a{0,500}){1,2}/ }), /the pattern is too large/],
    [
      "a long pattern",
      withField({ validation: { source: "a".repeat(1_001) } }),
      /longer than 1000 characters/,
    ],
    [
      "too many fields",
      {
        ...AUTH,
        fields: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, FIELD])),
      },
      /: fields: has more than 32 members/,
    ],
  ])("%s", (_what, auth, reason) => {
    expect(read(auth)).toMatch(reason);
    expect(read(null, auth)).toMatch(/^Its manifest's auth is not valid: /);
  });

  it("a getter that throws", () => {
    const auth = Object.defineProperty({ ...AUTH }, "type", {
      enumerable: true,
      get() {
        throw new Error("not today");
      },
    });
    expect(read(auth)).toBe("Its auth cannot be read: not today");
  });

  it.each([
    ['"type"', { ...AUTH, type: "custom" }],
    ['"required"', { ...AUTH, required: false }],
    ['"owner"', { ...AUTH, owner: "user" }],
    ['the field "api_key"', withField({ required: false })],
    ['the field "api_key"', { ...AUTH, fields: {} }],
    ['the field "other"', { ...AUTH, fields: { ...AUTH.fields, other: FIELD } }],
    ['the field "api_key"', withField({ validation: /a/ })],
  ])("an object that says something else of %s than the manifest", (place, object) => {
    expect(read(object, AUTH)).toBe(
      `Its auth and its manifest's auth say different things of ${place}.`,
    );
  });
});
