import { describe, expect, it, onTestFinished } from "vitest";
import { createNodeOutbound } from "../../../adapters/node/outbound.ts";
import { createOAuthClient } from "../../../src/core/auth/oauth-client.ts";
import { parsePrivateOrigins } from "../../../src/core/outbound/policy.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { startLoopbackServer } from "../../helpers/loopback-server.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { startOidcServer } from "../../helpers/oidc-server.ts";
import { connect, REDIRECT_URI, STATE, toSpec, VERIFIER } from "../../core/auth/oauth-fixture.ts";

/** The client as Node has it, with what the operator has opened. */
function createClient(opened: string) {
  const policy = parsePrivateOrigins(opened);
  if (!policy.ok) throw new Error(policy.reason);
  const outbound = createNodeOutbound(policy.value);
  onTestFinished(() => outbound.close());
  const time = createFakeTime(Date.now());
  return createOAuthClient({ outbound, time, logger: createRecordingLogger() });
}

describe("OAuth by way of the guarded fetch", () => {
  it("connects, refreshes and disconnects where the operator has opened the server", async () => {
    const server = await startOidcServer({ redirectUris: [REDIRECT_URI] });
    const client = createClient(server.issuer);
    const declared = { scopes: ["read"], urls: { issuer: server.issuer } };
    const { spec } = toSpec({ declared, settings: { clientId: "public" } });
    const granted = await (await connect(client, spec)).exchange();
    if (!granted.ok) throw new Error(granted.reason.reason);
    const refreshed = await client.refresh(spec, granted.value.token.refreshToken!, "read");
    if (!refreshed.ok) throw new Error(refreshed.reason.reason);
    const { accessToken, refreshToken } = refreshed.value.token;
    const both = { accessToken, refreshToken: refreshToken! };
    await expect(client.revoke(spec, both)).resolves.toBe("revoked");
  });

  it.each(["discovery", "endpoints", "baseUrl"])(
    "asks no server on this machine that nobody has opened: %s",
    async (step) => {
      const canary = await startLoopbackServer({});
      const client = createClient("");
      const { origin } = canary;
      const named = {
        authorization: `${origin}/a`,
        token: `${origin}/t`,
        revocation: `${origin}/r`,
      };
      const urls = step === "discovery" ? { issuer: origin } : named;
      const provider = step === "baseUrl" ? "gitlab" : "custom";
      const settings = { clientId: "client", ...(step === "baseUrl" && { baseUrl: origin }) };
      const { spec } = toSpec({ declared: { provider, urls }, settings });
      const left = { state: STATE, codeVerifier: VERIFIER };
      const callback = new URLSearchParams({ state: STATE, code: "code" });
      const issuer = step === "baseUrl" || step === "discovery" ? origin : null;
      const answers = [
        await client.exchange(spec, { ...left, issuer, callback }),
        await client.refresh(spec, "a-refresh-token", ""),
        await client.clientCredentials(spec),
      ];
      for (const answer of answers) {
        expect(answer).toMatchObject({ ok: false, reason: { kind: "misconfigured" } });
      }
      const token = { accessToken: "a-token", refreshToken: "a-refresh-token" };
      await expect(client.revoke(spec, token)).resolves.toBe("failed");
      expect(canary.requests).toEqual([]);
    },
  );

  it("is sent nowhere by a redirect, and reads no endless answer", async () => {
    const canary = await startLoopbackServer({});
    const server = await startLoopbackServer({
      "POST /redirect": { status: 307, headers: { location: `${canary.origin}/token` } },
      "POST /endless": { mode: "endless" },
    });
    const client = createClient(`${server.origin},${canary.origin}`);
    for (const path of ["redirect", "endless"]) {
      const urls = { authorization: `${server.origin}/a`, token: `${server.origin}/${path}` };
      const { spec } = toSpec({ declared: { urls }, settings: { clientId: "client" } });
      await expect(client.refresh(spec, "a-refresh-token", "")).resolves.toMatchObject({
        ok: false,
        reason: { kind: "bad-answer" },
      });
    }
    expect(server.requests).toHaveLength(2);
    expect(canary.requests).toEqual([]);
  });
});
