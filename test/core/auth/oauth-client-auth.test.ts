import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { OAuthClientSettings } from "../../../src/types/oauth.ts";
import { startLoopbackServer } from "../../helpers/loopback-server.ts";
import { OIDC_SECRET, startOidcServer } from "../../helpers/oidc-server.ts";
import { createFixture, REDIRECT_URI, STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";
import { openRegistrar } from "./oauth-registrar.ts";

const left = { state: STATE, codeVerifier: VERIFIER };
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part!, "base64url").toString());

describe("a client that was registered by hand", () => {
  const GOOD = { body: { access_token: "a-token", token_type: "Bearer" } };
  const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ED = generateKeyPairSync("ed25519");
  const P384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const pem = (pair: { privateKey: typeof RSA.privateKey }) =>
    pair.privateKey.export({ format: "pem", type: "pkcs8" }) as string;

  const ask = async (
    settings: OAuthClientSettings,
    secret: string | Uint8Array | null,
    urls: object = {},
  ) => {
    const server = await startLoopbackServer({ "POST /token": GOOD });
    const own = { authorization: `${server.origin}/a`, token: `${server.origin}/token` };
    const { spec, secrets } = toSpec({
      declared: { urls: { ...own, ...urls } },
      settings: { clientId: "the client", ...settings },
      secret,
    });
    const { client } = createFixture();
    const answer = await client.clientCredentials(spec);
    return { answer, server, secrets };
  };

  it("without an id is told how to get one, with the redirect URI", async () => {
    const { client } = createFixture();
    for (const settings of [{}, { clientId: "" }]) {
      const { spec } = toSpec({ declared: { provider: "github" }, settings });
      const refused = await client.authorizationUrl(spec, left);
      expect(refused).toMatchObject({ ok: false, reason: { kind: "misconfigured" } });
      expect(!refused.ok && refused.reason.reason).toContain(REDIRECT_URI);
    }
  });

  it("does not hand out its secret on the way to a provider", async () => {
    const { client } = createFixture();
    const { spec, secrets } = toSpec({
      declared: { provider: "github" },
      settings: { clientId: "client" },
      secret: "a-secret",
    });
    const answer = await client.authorizationUrl(spec, left);
    expect(JSON.stringify(answer)).not.toContain("a-secret");
    expect(secrets).toEqual([]);
  });

  it.each([
    ["basic", "the%20client:se%3Acret-_.%C3%BC%2B%25"],
    [undefined, "the%20client:se%3Acret-_.%C3%BC%2B%25"],
  ] as const)(
    "proves itself by %s as RFC 6749 has it, and no stranger",
    async (clientAuth, text) => {
      const { answer, server } = await ask({ clientAuth }, "se:cret-_.ü+%");
      expect(answer.ok).toBe(true);
      const [{ headers, body }] = server.requests as [(typeof server.requests)[0]];
      expect(headers["authorization"]).toBe(`Basic ${btoa(text)}`);
      expect(body).not.toContain("secret");
    },
  );

  it("with a secret that needs escaping is known to a real server", async () => {
    const secret = "a b+c%d:e&f=~0123456789-0123456789_";
    const server = await startOidcServer({
      redirectUris: [REDIRECT_URI],
      clients: [
        {
          client_id: "odd one",
          client_secret: secret,
          redirect_uris: [REDIRECT_URI],
          grant_types: ["client_credentials"],
          response_types: [],
        },
      ],
    });
    const { client } = createFixture();
    const urls = { issuer: server.issuer };
    const { spec } = toSpec({ declared: { urls }, settings: { clientId: "odd one" }, secret });
    await expect(client.clientCredentials(spec)).resolves.toMatchObject({ ok: true });
  });

  it("takes the way that the server offers", async () => {
    const server = await openRegistrar(
      {},
      {
        token_endpoint_auth_methods_supported: ["client_secret_post"],
      },
    );
    const { client } = createFixture();
    const declared = { urls: { issuer: server.origin } };
    const { spec } = toSpec({ declared, settings: { clientId: "client" }, secret: OIDC_SECRET });
    await client.clientCredentials(spec);
    expect(new URLSearchParams(server.requests.at(-1)!.body).get("client_secret")).toBe(
      OIDC_SECRET,
    );
  });

  it.each<[string, string, { privateKey: typeof RSA.privateKey }]>([
    ["RSA", "RS256", RSA],
    ["Ed25519", "Ed25519", ED],
  ])("proves itself with a key of %s", async (_name, alg, pair) => {
    const { answer, server, secrets } = await ask({ clientAuth: "private_key_jwt" }, pem(pair));
    expect(answer.ok).toBe(true);
    const form = new URLSearchParams(server.requests[0]!.body);
    const [header, payload] = form.get("client_assertion")!.split(".");
    expect(decode(header)).toEqual({ alg });
    expect(decode(payload)).toMatchObject({
      iss: "the client",
      sub: "the client",
      aud: `${server.origin}/token`,
    });
    expect(form.has("client_secret")).toBe(false);
    expect(secrets[0]!.every((byte) => byte === 0)).toBe(true);
  });

  it("names the issuer in an assertion where one is known", async () => {
    const issuer = "https://issuer.test";
    const { server } = await ask({ clientAuth: "private_key_jwt" }, pem(ED), { issuer });
    const form = new URLSearchParams(server.requests[0]!.body);
    expect(decode(form.get("client_assertion")!.split(".")[1])).toMatchObject({ aud: issuer });
  });

  it.each<[string, OAuthClientSettings, string | Uint8Array | null]>([
    ["no secret where one is needed", { clientAuth: "basic" }, null],
    ["an empty secret where one is needed", { clientAuth: "post" }, ""],
    ["no key where one is needed", { clientAuth: "private_key_jwt" }, null],
    ["a secret in place of a key", { clientAuth: "private_key_jwt" }, "a-secret"],
    ["a key of a kind that it cannot use", { clientAuth: "private_key_jwt" }, pem(P384)],
    ["a key in place of a secret", { clientAuth: "post" }, pem(ED)],
    ["a key and no word of how to use it", {}, pem(ED)],
    ["a secret that is no text", {}, Uint8Array.from([0xff, 0xfe, 0x80])],
  ])("with %s sends nothing", async (_what, settings, secret) => {
    const { answer, server, secrets } = await ask(settings, secret);
    expect(answer).toMatchObject({ ok: false, reason: { kind: "misconfigured" } });
    expect(server.requests).toEqual([]);
    expect(secrets.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });
});
