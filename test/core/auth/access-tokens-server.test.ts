import { describe, expect, it, vi } from "vitest";
import { createFixture, PUBLIC_URL, REFUSED, RESOURCE } from "./access-token-fixture.ts";
import type { IssuerSettings } from "../../../src/types/access-tokens.ts";
import { grantAs } from "../../helpers/oidc-person.ts";
import { OIDC_SECRET, startOidcServer, type OidcServer } from "../../helpers/oidc-server.ts";

const REDIRECT_URI = "https://client.example.test/callback";
/** RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const OTHER_RESOURCE = "https://other.example.test/mcp";

type Format = "jwt" | "opaque";

/** A real authorization server that issues tokens for whatever resource it is asked for, and this server beside it. */
async function open(format: Format, seconds = 3_600) {
  const server = await startOidcServer({
    redirectUris: [REDIRECT_URI],
    accessTokenSeconds: seconds,
    resourceServer: (resource) => ({
      scope: "mcp mcp:read mcp:time other",
      audience: resource,
      accessTokenFormat: format,
      jwt: { sign: { alg: "ES256" } },
    }),
  });
  const secret = async () => new TextEncoder().encode(OIDC_SECRET);
  const settings: IssuerSettings = {
    issuer: server.issuer,
    ...(format === "opaque" && { introspection: { clientId: "basic", secret } }),
  };
  return { server, ...createFixture(settings) };
}

interface Granted {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

async function askFor({ issuer }: OidcServer, form: Record<string, string>): Promise<Granted> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer as Granted;
}

/** A client that acts for itself. */
function askAsClient(server: OidcServer, form: Record<string, string>): Promise<Granted> {
  const client = { client_id: "post", client_secret: OIDC_SECRET };
  return askFor(server, { grant_type: "client_credentials", ...client, ...form });
}

/** A client that acts for somebody, who logs in and agrees. */
async function askAsPerson(server: OidcServer, form: Record<string, string>): Promise<Granted> {
  const query = new URLSearchParams({
    client_id: "public",
    response_type: "code",
    redirect_uri: REDIRECT_URI,
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    nonce: "a-nonce",
    prompt: "consent",
    ...form,
  });
  const back = await grantAs(`${server.issuer}/auth?${query.toString()}`, REDIRECT_URI);
  return askFor(server, {
    grant_type: "authorization_code",
    client_id: "public",
    code: back.searchParams.get("code")!,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    resource: RESOURCE,
  });
}

describe.each<Format>(["jwt", "opaque"])("a real authorization server with %s tokens", (format) => {
  it("lets somebody in for whom a client got a token for this server", async () => {
    const { server, tokens } = await open(format);
    const scope = "openid offline_access mcp:read mcp:time other";
    const granted = await askAsPerson(server, { scope, resource: RESOURCE });
    expect(granted.access_token.split(".").length).toBe(format === "jwt" ? 3 : 1);
    const verified = await tokens.verify(granted.access_token);
    if (!verified.ok) throw new Error(verified.reason);
    const { issuer, subject, clientId, scopes, principal } = verified.value;
    expect({ issuer, subject, clientId, scopes }).toEqual({
      issuer: server.issuer,
      subject: "alice",
      clientId: "public",
      scopes: ["mcp:read", "mcp:time"],
    });
    expect(principal.access).toEqual({
      plugins: ["time"],
      tools: null,
      readOnly: false,
      alsoReads: null,
    });
  });

  it("lets a client in that acts for itself", async () => {
    const { server, tokens } = await open(format);
    const { access_token: token } = await askAsClient(server, { scope: "mcp", resource: RESOURCE });
    expect(await tokens.verify(token)).toMatchObject({
      ok: true,
      value: { clientId: "post", scopes: ["mcp"], principal: { scopes: ["mcp"] } },
    });
  });

  it("lets nobody in with what else it has given", async () => {
    const { server, tokens } = await open(format);
    const scope = "openid offline_access mcp";
    const granted = await askAsPerson(server, { scope, resource: RESOURCE });
    expect(await tokens.verify(granted.access_token)).toMatchObject({ ok: true });
    expect(await tokens.verify(granted.id_token!)).toEqual(REFUSED);
    expect(await tokens.verify(granted.refresh_token!)).toEqual(REFUSED);
    expect(granted.id_token!.split(".").length).toBe(3);
  });

  it.each([OTHER_RESOURCE, PUBLIC_URL, `${RESOURCE}/`, `${RESOURCE}/sub`])(
    "lets nobody in with a token for %s",
    async (resource) => {
      const { server, tokens } = await open(format);
      const { access_token: token } = await askAsClient(server, { scope: "mcp", resource });
      expect(await tokens.verify(token)).toEqual(REFUSED);
    },
  );

  it("lets nobody in with a token for no resource", async () => {
    const { server, tokens } = await open(format);
    const { access_token: token } = await askAsClient(server, { scope: "read" });
    expect(await tokens.verify(token)).toEqual(REFUSED);
  });

  it("lets nobody in after the token has expired", async () => {
    const { server, tokens, time } = await open(format, 30);
    const { access_token: token } = await askAsClient(server, { scope: "mcp", resource: RESOURCE });
    const verified = await tokens.verify(token);
    if (!verified.ok) throw new Error(verified.reason);
    await time.advance(31_000);
    expect(await tokens.verify(token)).toEqual(REFUSED);
    expect(verified.value.life.aborted).toBe(true);
  });
});

it("hears within a minute that an opaque token was revoked", async () => {
  const { server, tokens, time } = await open("opaque");
  const { access_token: token } = await askAsClient(server, { scope: "mcp", resource: RESOURCE });
  expect(await tokens.verify(token)).toMatchObject({ ok: true });
  const revoked = await fetch(`${server.issuer}/token/revocation`, {
    method: "POST",
    body: new URLSearchParams({ token, client_id: "post", client_secret: OIDC_SECRET }),
  });
  expect(revoked.status).toBe(200);
  await time.advance(60_000);
  expect(await tokens.verify(token)).toEqual(REFUSED);
});

it("hears within a minute that an opaque token was revoked with which something is open", async () => {
  const { server, tokens, time } = await open("opaque");
  const { access_token: token } = await askAsClient(server, { scope: "mcp", resource: RESOURCE });
  const verified = await tokens.verify(token);
  if (!verified.ok) throw new Error(verified.reason);
  const { life } = verified.value;
  tokens.watch(token, verified.value);
  const questions = () => server.hits("POST /token/introspection");
  // Time for the answer of each question.
  const passUntil = (holds: () => void) =>
    vi.waitFor(
      async () => {
        await time.advance(1_000);
        holds();
      },
      { timeout: 5_000, interval: 2 },
    );
  await passUntil(() => expect(questions()).toBe(2));
  expect(life.aborted).toBe(false);
  const revoked = await fetch(`${server.issuer}/token/revocation`, {
    method: "POST",
    body: new URLSearchParams({ token, client_id: "post", client_secret: OIDC_SECRET }),
  });
  expect(revoked.status).toBe(200);
  const from = time.elapsed();
  await passUntil(() => expect(life.aborted).toBe(true));
  expect(time.elapsed() - from).toBeLessThanOrEqual(60_000);
});

it("takes no token of one authorization server for another's", async () => {
  const [ours, other] = [await open("jwt"), await open("jwt")];
  const form = { scope: "mcp", resource: RESOURCE };
  const { access_token: token } = await askAsClient(other.server, form);
  expect(await other.tokens.verify(token)).toMatchObject({ ok: true });
  expect(await ours.tokens.verify(token)).toEqual(REFUSED);
  expect(ours.asked).toEqual([]);
});
