import { describe, expect, it } from "vitest";
import {
  namesOffered,
  namesToAsk,
  namesToBeginWith,
  type ScopeNaming,
} from "../../../src/core/auth/scope-names.ts";
import {
  accessOf,
  covers,
  scopesNeeded,
  toOwnScopes,
} from "../../../src/core/auth/token-scopes.ts";

describe("what scopes let a client use", () => {
  it.each<[string, ReturnType<typeof accessOf>]>([
    ["", null],
    ["openid", null],
    ["mcp", { plugins: null, tools: null, readOnly: false }],
    ["mcp:read", { plugins: null, tools: null, readOnly: true }],
    ["mcp mcp:read mcp:time", { plugins: null, tools: null, readOnly: false }],
    ["mcp:time", { plugins: ["time"], tools: null, readOnly: false }],
    ["mcp:time:read", { plugins: ["time"], tools: null, readOnly: true }],
    ["mcp:time mcp:time:read", { plugins: ["time"], tools: null, readOnly: false }],
    ["mcp:b mcp:a mcp:b", { plugins: ["a", "b"], tools: null, readOnly: false }],
    ["mcp:b:read mcp:a:read", { plugins: ["a", "b"], tools: null, readOnly: true }],
    ["mcp:a:read mcp:read", { plugins: null, tools: null, readOnly: true }],
    ["mcp:a mcp:b:read", { plugins: ["a"], tools: null, readOnly: false, alsoReads: ["b"] }],
    ["mcp:a mcp:read", { plugins: ["a"], tools: null, readOnly: false, alsoReads: null }],
    ["mcp:read:read", { plugins: ["read"], tools: null, readOnly: true }],
    ["mcp:write", { plugins: ["write"], tools: null, readOnly: false }],
  ])("%j", (scopes, access) => {
    expect(accessOf(scopes.split(" "))).toEqual(access);
  });

  it.each([
    "MCP",
    "mcp ",
    " mcp",
    "mcp:",
    "mcp::read",
    "mcp:Time",
    "mcp:time:write",
    "mcp:time:read:read",
    "mcp:-time",
    "mcp:../time",
    `mcp:${"a".repeat(33)}`,
    "mcp:*",
    "xmcp",
    "mcp\nmcp",
    "__proto__",
  ])("is nothing for %j", (scope) => {
    expect(accessOf([scope])).toBeNull();
  });
});

describe("what a call of a tool takes", () => {
  it.each([
    ["time", true, ["mcp:time:read"]],
    ["time", false, ["mcp:time"]],
    ["read", true, ["mcp:read:read"]],
    ["read", false, ["mcp"]],
  ])("of %s (changes nothing: %j) is %j", (instanceId, isReadOnly, needed) => {
    expect(scopesNeeded({ instanceId, isReadOnly })).toEqual(needed);
  });

  it.each([true, false])(
    "is enough for it (changes nothing: %j), and broader ones are",
    (isReadOnly) => {
      for (const instanceId of ["time", "read"]) {
        const [needed] = scopesNeeded({ instanceId, isReadOnly });
        const access = accessOf([needed!])!;
        expect(access.plugins === null || access.plugins.includes(instanceId)).toBe(true);
        expect(access.readOnly && !isReadOnly).toBe(false);
        expect(covers("mcp", needed!)).toBe(true);
        expect(covers("mcp:read", needed!)).toBe(isReadOnly);
        expect(covers("mcp:other", needed!)).toBe(false);
      }
    },
  );
});

describe("the names of an issuer's", () => {
  it("are ours when nothing else is said", () => {
    expect(toOwnScopes(["mcp:time", "openid", "mcp", "mcp"], {})).toEqual(["mcp", "mcp:time"]);
  });

  it("count when they are named, and no others then", () => {
    const scopes = { "tools.all": ["mcp"], "tools.look": ["mcp:read", "mcp:time"], none: [] };
    expect(toOwnScopes(["tools.look"], { scopes })).toEqual(["mcp:read", "mcp:time"]);
    expect(toOwnScopes(["mcp", "none", "toString", "__proto__"], { scopes })).toEqual([]);
  });
});

const plain: ScopeNaming = { issuer: "https://plain.test" };
const named: ScopeNaming = {
  issuer: "https://named.test",
  scopePrefix: "api://mcp/",
  scopes: {
    all: ["mcp"],
    look: ["mcp:read"],
    time: ["mcp:time"],
    "time-and-more": ["mcp:time", "mcp:github"],
  },
};

describe("what a client has to ask for", () => {
  it.each<[string, ScopeNaming[], string[], string | undefined, string[]]>([
    ["is in our names", [plain], ["mcp:time"], undefined, ["mcp:time"]],
    ["is in the issuer's", [named], ["mcp"], undefined, ["api://mcp/all"]],
    ["is as little as does", [named], ["mcp:time"], undefined, ["api://mcp/time"]],
    ["is as little as does, to read", [named], ["mcp:time:read"], undefined, ["api://mcp/look"]],
    ["is more than needed if need be", [named], ["mcp:mail"], undefined, ["api://mcp/all"]],
    ["is not all where less does", [named], ["mcp:github"], undefined, ["api://mcp/time-and-more"]],
    ["is each once", [named], ["mcp:mail", "mcp:news"], undefined, ["api://mcp/all"]],
    [
      "is in the names of the token's issuer",
      [plain, named],
      ["mcp"],
      named.issuer,
      ["api://mcp/all"],
    ],
    ["is not said when issuers differ", [plain, named], ["mcp"], undefined, []],
    [
      "is said when they do not",
      [plain, { issuer: "https://b.test" }],
      ["mcp"],
      undefined,
      ["mcp"],
    ],
    [
      "is not said when nothing does",
      [{ ...named, scopes: { x: ["mcp:x"] } }],
      ["mcp"],
      undefined,
      [],
    ],
  ])("%s", (_how, issuers, needed, issuer, names) => {
    expect(namesToAsk(issuers, needed, issuer)).toEqual(names);
  });

  it("at first is all tools, or else whatever there is", () => {
    expect(namesToBeginWith([plain])).toEqual(["mcp"]);
    expect(namesToBeginWith([named])).toEqual(["api://mcp/all"]);
    const little = { issuer: "https://little.test", scopes: { look: ["mcp:read"], x: ["mcp:x"] } };
    expect(namesToBeginWith([little])).toEqual(["look", "x"]);
  });

  it("is offered by the names of all scopes", () => {
    expect(namesOffered([plain])).toEqual(["mcp", "mcp:read"]);
    expect(namesOffered([named])).toEqual([
      "api://mcp/all",
      "api://mcp/look",
      "api://mcp/time",
      "api://mcp/time-and-more",
    ]);
    expect(namesOffered([plain, named])).toEqual([]);
    expect(namesOffered([])).toEqual([]);
  });
});
