import { describe, expect, it } from "vitest";
import { clientMetadata } from "../../../src/core/auth/client-metadata.ts";
import type { OAuthClientSettings } from "../../../src/types/oauth.ts";
import { createFixture, REDIRECT_URI, STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";
import { openRegistrar } from "./oauth-registrar.ts";

const left = { state: STATE, codeVerifier: VERIFIER };

describe("a client that is known by its metadata document", () => {
  const settings = { registration: "metadata-document" } as const;
  const specOf = (issuer: string, more: OAuthClientSettings = {}) =>
    toSpec({
      declared: { urls: { issuer } },
      settings: { ...settings, ...more },
      secret: "unused",
    });

  it("has the document's address as its id, and proves nothing", async () => {
    const server = await openRegistrar({}, { client_id_metadata_document_supported: true });
    const { client } = createFixture();
    const { spec, secrets } = specOf(server.origin);
    const answer = await client.authorizationUrl(spec, left);
    if (!answer.ok) throw new Error(answer.reason.reason);
    expect(new URL(answer.value.url).searchParams.get("client_id")).toBe(spec.metadataUrl);
    const callback = new URLSearchParams({ state: STATE, code: "good-code" });
    const granted = await client.exchange(spec, { ...left, issuer: server.origin, callback });
    expect(granted.ok).toBe(true);
    const { body, headers } = server.requests.at(-1)!;
    expect(new URLSearchParams(body).get("client_id")).toBe(spec.metadataUrl);
    expect(body).not.toContain("secret");
    expect(headers["authorization"]).toBeUndefined();
    expect(secrets).toEqual([]);
  });

  it("is taken by endpoints that the plugin names", async () => {
    const { client } = createFixture();
    const urls = { authorization: "https://a.test/a", token: "https://a.test/t" };
    const { spec } = toSpec({ declared: { urls }, settings });
    await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({ ok: true });
  });

  it.each([{}, { client_id_metadata_document_supported: false }])(
    "is not taken by a server that says %j",
    async (more) => {
      const server = await openRegistrar({}, more);
      const { client } = createFixture();
      const { spec } = specOf(server.origin);
      await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
        ok: false,
        reason: { kind: "misconfigured" },
      });
    },
  );

  it("is not taken by providers with names, nor with a secret", async () => {
    const { client } = createFixture();
    const named = toSpec({ declared: { provider: "github" }, settings });
    const server = await openRegistrar({}, { client_id_metadata_document_supported: true });
    const secret = specOf(server.origin, { clientAuth: "post" });
    for (const { spec } of [named, secret]) {
      await expect(client.authorizationUrl(spec, left)).resolves.toMatchObject({
        ok: false,
        reason: { kind: "misconfigured" },
      });
    }
  });

  it("has this document, in less than 5 KiB", () => {
    const document = clientMetadata({
      instanceId: "work",
      metadataUrl: "https://tools.example.test/oauth/client/work",
      redirectUri: REDIRECT_URI,
      scopes: ["read", "write"],
    });
    expect(document).toEqual({
      client_id: "https://tools.example.test/oauth/client/work",
      client_name: "mcp-plugin-server (work)",
      client_uri: "https://tools.example.test/",
      redirect_uris: [REDIRECT_URI],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      scope: "read write",
    });
    expect(JSON.stringify(document).length).toBeLessThan(5120);
  });
});
