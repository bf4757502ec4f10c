import { describe, expect, it } from "vitest";
import { parseIssuerSettings, type SecretPlace } from "../../../src/core/auth/issuer-settings.ts";

const ISSUER = "https://login.example.test/tenant/v2.0";
const CANARY = "a-secret-that-nobody-repeats";

function parse(content: unknown) {
  const places: SecretPlace[] = [];
  const issuers = parseIssuerSettings(content, "authorization.json", (place) => {
    places.push(place);
    return async () => null;
  });
  return { issuers, places };
}

function faultOf(content: unknown): { code: unknown; lines: string[] } {
  try {
    parse(content);
  } catch (error) {
    const { code, message } = error as { code: unknown; message: string };
    return { code, lines: message.split("\n").slice(1) };
  }
  throw new Error("The settings were accepted.");
}

describe("the settings of issuers", () => {
  it("need no more than a name", () => {
    expect(parse({ issuers: [{ issuer: ISSUER }] }).issuers).toEqual([{ issuer: ISSUER }]);
  });

  it("may say everything", () => {
    const { issuers, places } = parse({
      $schema: "./authorization.schema.json",
      issuers: [
        {
          issuer: ISSUER,
          audience: "api://mcp",
          jwksUri: "https://keys.example.test/certs?p=1",
          introspection: {
            endpoint: "https://login.example.test/introspect",
            clientId: "mcp",
            secretFile: "/run/secrets/mcp",
          },
          scopes: { "tools.all": ["mcp"], look: ["mcp:read", "mcp:time:read"], none: [] },
          scopePrefix: "api://mcp/",
        },
        { issuer: "http://localhost:8080/realms/work", audience: ["a", "b"] },
      ],
    });
    expect(issuers).toEqual([
      {
        issuer: ISSUER,
        audience: ["api://mcp"],
        jwksUri: "https://keys.example.test/certs?p=1",
        introspection: {
          endpoint: "https://login.example.test/introspect",
          clientId: "mcp",
          secret: expect.any(Function),
        },
        scopes: { "tools.all": ["mcp"], look: ["mcp:read", "mcp:time:read"], none: [] },
        scopePrefix: "api://mcp/",
      },
      { issuer: "http://localhost:8080/realms/work", audience: ["a", "b"] },
    ]);
    expect(places).toEqual([{ secretFile: "/run/secrets/mcp" }]);
  });

  const address = "must be an https address without a user and without # (http on localhost alone)";
  const scope = "must be mcp, mcp:read, mcp:<instance> or mcp:<instance>:read";
  const secret =
    "needs either secretFile, the path of a file with the secret, or secretEnv, the name of a variable with it";
  it.each<[string, unknown, string[]]>([
    ["nothing", undefined, ["/: Invalid input: expected object, received undefined"]],
    ["a list", [], ["/: Invalid input: expected object, received array"]],
    ["no issuers", { issuers: [] }, ["/issuers: must name at least one issuer"]],
    [
      "an unknown member",
      { issuers: [{ issuer: ISSUER, jwks: "x" }] },
      ['/issuers/0: Unrecognized key: "jwks"'],
    ],
    [
      "no name",
      { issuers: [{}] },
      ["/issuers/0/issuer: Invalid input: expected string, received undefined"],
    ],
    ["no TLS", { issuers: [{ issuer: "http://a.test" }] }, [`/issuers/0/issuer: ${address}`]],
    ["another scheme", { issuers: [{ issuer: "file:///x" }] }, [`/issuers/0/issuer: ${address}`]],
    [
      "a fragment",
      { issuers: [{ issuer: "https://a.test#x" }] },
      [`/issuers/0/issuer: ${address}`],
    ],
    ["a user", { issuers: [{ issuer: "https://u@a.test" }] }, [`/issuers/0/issuer: ${address}`]],
    [
      "a query",
      { issuers: [{ issuer: "https://a.test?x=1" }] },
      ["/issuers/0/issuer: must have no query"],
    ],
    [
      "keys without TLS",
      { issuers: [{ issuer: ISSUER, jwksUri: "http://a.test/jwks" }] },
      [`/issuers/0/jwksUri: ${address}`],
    ],
    [
      "no audience in a list",
      { issuers: [{ issuer: ISSUER, audience: [] }] },
      ["/issuers/0/audience: must be a text or a list of texts, none of them empty"],
    ],
    [
      "an empty audience",
      { issuers: [{ issuer: ISSUER, audience: "" }] },
      ["/issuers/0/audience: must be a text or a list of texts, none of them empty"],
    ],
    [
      "a scope of the admin API",
      { issuers: [{ issuer: ISSUER, scopes: { admin: ["plugins:write"] } }] },
      [`/issuers/0/scopes/admin/0: ${scope}`],
    ],
    [
      "two scopes in one name",
      { issuers: [{ issuer: ISSUER, scopes: { "a b": ["mcp"] } }] },
      ["/issuers/0/scopes/a b: must be the name of one scope, as in a token"],
    ],
    [
      "a prefix with a quote",
      { issuers: [{ issuer: ISSUER, scopePrefix: 'x"' }] },
      ["/issuers/0/scopePrefix: must be the name of one scope, as in a token"],
    ],
    [
      "an issuer twice",
      { issuers: [{ issuer: ISSUER }, { issuer: ISSUER }] },
      ["/issuers/1/issuer: stands there twice"],
    ],
    [
      "introspection twice",
      {
        issuers: ["https://a.test", "https://b.test"].map((issuer) => ({
          issuer,
          introspection: { clientId: "x", secretEnv: "X" },
        })),
      },
      ["/issuers/1/introspection: one issuer at most may have it"],
    ],
    [
      "no secret",
      { issuers: [{ issuer: ISSUER, introspection: { clientId: "x" } }] },
      [`/issuers/0/introspection: ${secret}`],
    ],
    [
      "two secrets",
      {
        issuers: [
          { issuer: ISSUER, introspection: { clientId: "x", secretFile: "a", secretEnv: "B" } },
        ],
      },
      [`/issuers/0/introspection: ${secret}`],
    ],
    [
      "a secret itself",
      { issuers: [{ issuer: ISSUER, introspection: { clientId: "x", clientSecret: CANARY } }] },
      [
        "/issuers/0/introspection: a secret must not stand here itself",
        `/issuers/0/introspection: ${secret}`,
      ],
    ],
    [
      "a secret in the place of its variable's name",
      { issuers: [{ issuer: ISSUER, introspection: { clientId: "x", secretEnv: CANARY } }] },
      ["/issuers/0/introspection/secretEnv: must be the name of a variable"],
    ],
  ])("with %s are refused, and say where", (_what, content, lines) => {
    const fault = faultOf(content);
    expect(fault.code).toBe("CONFIG_INVALID");
    expect(fault.lines.map((line) => line.trim())).toEqual(lines);
    expect(fault.lines.join("\n")).not.toContain(CANARY);
  });
});
