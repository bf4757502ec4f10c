import { describe, expect, it, onTestFinished } from "vitest";
import { createNodeOutbound } from "../../../adapters/node/outbound.ts";
import { createOAuthClient } from "../../../src/core/auth/oauth-client.ts";
import { parsePrivateOrigins } from "../../../src/core/outbound/policy.ts";
import type { Outbound } from "../../../src/types/outbound.ts";
import { STATE, toSpec, VERIFIER } from "../../core/auth/oauth-fixture.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { startLoopbackServer } from "../../helpers/loopback-server.ts";

const FAR = "https://issuer.example.org";
const LEFT = { state: STATE, codeVerifier: VERIFIER };
const ROUTES = {
  "POST /token": { body: { access_token: "a-token", token_type: "Bearer" } },
  "POST /register": { status: 201, body: { client_id: "registered" } },
  "POST /revoke": {},
};

/**
 * An issuer whose metadata name endpoints at a server that the operator has opened: one on the internet, or the one that is
 * opened.
 */
async function openIssuer(where: "internet" | "opened", opened: (origin: string) => string) {
  const inside = await startLoopbackServer(ROUTES);
  const { origin } = inside;
  const issuer = where === "internet" ? FAR : origin;
  const policy = parsePrivateOrigins(opened(origin));
  if (!policy.ok) throw new Error(policy.reason);
  const node = createNodeOutbound(policy.value);
  onTestFinished(() => node.close());
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/a`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    revocation_endpoint: `${origin}/revoke`,
    code_challenge_methods_supported: ["S256"],
  };
  const outbound: Outbound = {
    async fetch(request) {
      if (!request.url.includes("/.well-known/")) return node.fetch(request);
      const body = new TextEncoder().encode(JSON.stringify(metadata));
      const headers = new Headers({ "content-type": "application/json" });
      return { status: 200, headers, body, url: request.url };
    },
  };
  const deps = { outbound, time: createFakeTime(Date.now()), logger: createRecordingLogger() };
  const client = createOAuthClient(deps);
  const { spec } = toSpec({ declared: { urls: { issuer } }, settings: { clientId: "client" } });
  const callback = new URLSearchParams({ state: STATE, code: "a-code" });
  return {
    inside,
    /** Goes every way on which an endpoint of the issuer's is asked. */
    goAll: async () => {
      const registering = { ...spec, settings: { registration: "dynamic" } as const };
      await client.authorizationUrl(registering, LEFT);
      await client.exchange(spec, { ...LEFT, issuer, callback });
      await client.refresh(spec, "a-refresh-token", "");
      await client.clientCredentials(spec);
      await client.revoke(spec, { accessToken: "a-token" });
    },
  };
}

const ALL = ["POST /register", "POST /token", "POST /token", "POST /token", "POST /revoke"];

describe.each<[string, (origin: string) => string]>([
  ["an origin", (origin) => origin],
  ["this machine", () => "loopback"],
])("what the operator has opened: %s,", (_what, opened) => {
  it("is not where an issuer on the internet leads", async () => {
    const { inside, goAll } = await openIssuer("internet", opened);
    await goAll();
    expect(inside.requests).toEqual([]);
  });

  it("is where an issuer leads that is opened itself", async () => {
    const { inside, goAll } = await openIssuer("opened", opened);
    await goAll();
    expect(inside.requests.map(({ route }) => route)).toEqual(ALL);
  });
});
