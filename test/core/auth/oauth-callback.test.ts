import { describe, expect, it } from "vitest";
import { startLoopbackServer, type LoopbackServer } from "../../helpers/loopback-server.ts";
import { startOidcServer } from "../../helpers/oidc-server.ts";
import {
  connect,
  createFixture,
  metadataOf,
  REDIRECT_URI,
  specOf,
  STATE,
  toSpec,
  VERIFIER,
} from "./oauth-fixture.ts";

const TOKEN = { access_token: "a-token", token_type: "Bearer" };
const code = "good-code";

/** A server that has said what it is, and answers every code with a token. */
async function openIssuer(more: object = {}): Promise<LoopbackServer> {
  const server: LoopbackServer = await startLoopbackServer({
    "GET /.well-known/oauth-authorization-server": () => ({
      body: {
        ...metadataOf(server.origin),
        code_challenge_methods_supported: ["S256"],
        ...more,
      },
    }),
    "POST /token": { body: TOKEN },
  });
  return server;
}

describe("a callback", () => {
  const from = `state=${STATE}&iss=ISSUER`;
  it.each<[string, string]>([
    ["without a code", from],
    ["with an empty code", `${from}&code=`],
    ["with a code that no request could carry", `${from}&code=a%0Ab`],
    ["with a code of 10,000 characters", `${from}&code=${"a".repeat(10_000)}`],
    ["with two codes", `${from}&code=${code}&code=evil`],
    ["with the same code twice", `${from}&code=${code}&code=${code}`],
    ["with two states", `${from}&state=${STATE}&code=${code}`],
    ["with two issuers", `${from}&iss=ISSUER&code=${code}`],
    ["with anything twice", `${from}&code=${code}&x=1&x=1`],
    ["with two errors", `${from}&error=access_denied&error=x`],
    ["without a state", `iss=ISSUER&code=${code}`],
    ["with another state", `state=another&iss=ISSUER&code=${code}`],
    ["with another issuer", `state=${STATE}&iss=https://evil.test&code=${code}`],
    ["with an issuer that has a slash more", `state=${STATE}&iss=ISSUER/&code=${code}`],
    ["with an issuer in capitals", `state=${STATE}&iss=HTTP://127.0.0.1&code=${code}`],
    ["with another issuer's refusal", `state=${STATE}&iss=https://evil.test&error=access_denied`],
    ["with an answer in one piece", `${from}&response=a.b.c`],
    ["with a token in it", `${from}&code=${code}&token=a`],
    ["with an ID token in it", `${from}&code=${code}&id_token=a`],
    ["with an error that nobody knows", `${from}&error=sorry`],
  ])("%s is refused, and no token is asked for", async (_what, query) => {
    const server = await openIssuer();
    const { client } = createFixture();
    const callback = new URLSearchParams(query.replaceAll("ISSUER", server.origin));
    const flow = { state: STATE, codeVerifier: VERIFIER, issuer: server.origin, callback };
    await expect(client.exchange(specOf(server.origin), flow)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "bad-answer" },
    });
    expect(server.hits("POST /token")).toBe(0);
  });

  it("without an issuer is taken from a server that does not promise one, and refused from one that does", async () => {
    const callback = new URLSearchParams({ state: STATE, code });
    const { client } = createFixture();
    const quiet = await openIssuer();
    const flow = { state: STATE, codeVerifier: VERIFIER, callback };
    await expect(
      client.exchange(specOf(quiet.origin), { ...flow, issuer: quiet.origin }),
    ).resolves.toMatchObject({ ok: true });
    const naming = await openIssuer({ authorization_response_iss_parameter_supported: true });
    await expect(
      client.exchange(specOf(naming.origin), { ...flow, issuer: naming.origin }),
    ).resolves.toMatchObject({ ok: false, reason: { kind: "bad-answer" } });
    expect(naming.hits("POST /token")).toBe(0);
  });

  it.each([
    ["access_denied", "denied"],
    ["consent_required", "denied"],
    ["login_required", "denied"],
    ["server_error", "temporary"],
    ["temporarily_unavailable", "temporary"],
    ["invalid_scope", "misconfigured"],
    ["unauthorized_client", "misconfigured"],
    ["invalid_request", "misconfigured"],
    ["redirect_uri_mismatch", "misconfigured"],
    ["application_suspended", "misconfigured"],
  ])("with %s says so: %s", async (error, kind) => {
    const server = await openIssuer();
    const { client } = createFixture();
    const callback = new URLSearchParams({
      state: STATE,
      iss: server.origin,
      error,
      error_description: "Their own words",
    });
    const flow = { state: STATE, codeVerifier: VERIFIER, issuer: server.origin, callback };
    const refused = await client.exchange(specOf(server.origin), flow);
    expect(refused).toMatchObject({ ok: false, reason: { kind, code: error } });
    expect(JSON.stringify(refused)).not.toContain("Their own words");
    expect(server.hits("POST /token")).toBe(0);
  });

  it("is refused when the settings name another issuer by now", async () => {
    const [one, other] = [await openIssuer(), await openIssuer()];
    const { client } = createFixture();
    const callback = new URLSearchParams({ state: STATE, code });
    const flow = { state: STATE, codeVerifier: VERIFIER, issuer: one.origin, callback };
    await expect(client.exchange(specOf(other.origin), flow)).resolves.toMatchObject({
      ok: false,
      reason: { kind: "bad-answer" },
    });
    expect(other.hits("POST /token")).toBe(0);
  });

  it("of an honest server does not reach a server that posed as it", async () => {
    // RFC 9207: the evil one sends a person on to the honest one, and waits for the code at its own token endpoint.
    const honest = await startOidcServer({ redirectUris: [REDIRECT_URI] });
    const evil: LoopbackServer = await startLoopbackServer({
      "GET /.well-known/oauth-authorization-server": () => ({
        body: {
          ...metadataOf(evil.origin),
          authorization_endpoint: `${honest.issuer}/auth`,
          code_challenge_methods_supported: ["S256"],
        },
      }),
      "POST /token": { body: TOKEN },
    });
    const { client } = createFixture();
    const { spec } = toSpec({
      declared: { scopes: ["read"], urls: { issuer: evil.origin } },
      settings: { clientId: "public" },
    });
    const { exchange, callback } = await connect(client, spec);
    expect(callback.get("iss")).toBe(honest.issuer);
    await expect(exchange()).resolves.toMatchObject({ ok: false, reason: { kind: "bad-answer" } });
    expect(evil.hits("POST /token")).toBe(0);
  });

  it.each<[string, string | null, boolean]>([
    ["no issuer", null, true],
    ["the server itself", "ORIGIN", true],
    ["a part of the server", "ORIGIN/tenant", true],
    ["another server", "https://evil.test", false],
    ["no address", "evil", false],
  ])("to endpoints whose issuer nobody has named, with %s", async (_what, iss, isGood) => {
    const server = await startLoopbackServer({ "POST /token": { body: TOKEN } });
    const urls = { authorization: `${server.origin}/a`, token: `${server.origin}/token` };
    const { spec } = toSpec({ declared: { urls }, settings: { clientId: "client" } });
    const { client } = createFixture();
    const callback = new URLSearchParams({ state: STATE, code });
    if (iss !== null) callback.set("iss", iss.replace("ORIGIN", server.origin));
    const flow = { state: STATE, codeVerifier: VERIFIER, issuer: null, callback };
    const answer = await client.exchange(spec, flow);
    expect(answer.ok).toBe(isGood);
    expect(server.hits("POST /token")).toBe(isGood ? 1 : 0);
  });

  it("to named endpoints is held against the issuer that is named beside them", async () => {
    const server = await startLoopbackServer({ "POST /token": { body: TOKEN } });
    const urls = {
      issuer: "https://issuer.test",
      authorization: `${server.origin}/a`,
      token: `${server.origin}/token`,
    };
    const { spec } = toSpec({ declared: { urls }, settings: { clientId: "client" } });
    const { client } = createFixture();
    const take = (iss: string) =>
      client.exchange(spec, {
        state: STATE,
        codeVerifier: VERIFIER,
        issuer: "https://issuer.test",
        callback: new URLSearchParams({ state: STATE, code, iss }),
      });
    await expect(take(server.origin)).resolves.toMatchObject({ ok: false });
    expect(server.hits("POST /token")).toBe(0);
    await expect(take("https://issuer.test")).resolves.toMatchObject({ ok: true });
  });

  it("of Google's is held against Google's issuer", async () => {
    const server = await startLoopbackServer({ "POST /token": { body: TOKEN } });
    const { client } = createFixture({ "https://oauth2.googleapis.com": server.origin });
    const { spec } = toSpec({ declared: { provider: "google" }, settings: { clientId: "client" } });
    const take = (iss: string) =>
      client.exchange(spec, {
        state: STATE,
        codeVerifier: VERIFIER,
        issuer: "https://accounts.google.com",
        callback: new URLSearchParams({ state: STATE, code, iss, authuser: "0" }),
      });
    await expect(take("https://evil.test")).resolves.toMatchObject({ ok: false });
    expect(server.hits("POST /token")).toBe(0);
    await expect(take("https://accounts.google.com")).resolves.toMatchObject({ ok: true });
  });
});
