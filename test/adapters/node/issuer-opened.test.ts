import { describe, expect, it, onTestFinished } from "vitest";
import { createNodeOutbound } from "../../../adapters/node/outbound.ts";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { createAccessTokens } from "../../../src/core/auth/access-tokens.ts";
import { parsePrivateOrigins } from "../../../src/core/outbound/policy.ts";
import type { IssuerSettings } from "../../../src/types/access-tokens.ts";
import {
  claimsOf,
  CLIENT_SECRET,
  INTROSPECT,
  JWKS,
  KEYS,
  keysAnswer,
  metadataOf,
  PUBLIC_URL,
  signJwt,
} from "../../core/auth/access-token-fixture.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { startLoopbackServer } from "../../helpers/loopback-server.ts";

const FAR = "https://issuer.example.org";

/**
 * This server with an issuer whose metadata name addresses at a server that the operator has opened: the issuer is on the
 * internet, or is that server itself.
 */
async function openIssuer(
  where: "internet" | "opened",
  settingsOf: (origin: string) => Partial<IssuerSettings> = () => ({}),
) {
  const inside = await startLoopbackServer({
    [JWKS]: keysAnswer(KEYS.es),
    [INTROSPECT]: { body: { active: false } },
  });
  const { origin } = inside;
  const issuer = where === "internet" ? FAR : origin;
  const policy = parsePrivateOrigins(origin);
  if (!policy.ok) throw new Error(policy.reason);
  const node = createNodeOutbound(policy.value);
  onTestFinished(() => node.close());
  const metadata = { ...metadataOf(origin), issuer };
  const time = createFakeTime(Date.now());
  const secret = async () => new TextEncoder().encode(CLIENT_SECRET);
  const tokens = createAccessTokens({
    issuers: [{ issuer, introspection: { clientId: "server", secret }, ...settingsOf(origin) }],
    publicUrl: () => PUBLIC_URL,
    outbound: {
      async fetch(request) {
        if (!request.url.includes("/.well-known/")) return node.fetch(request);
        const body = new TextEncoder().encode(JSON.stringify(metadata));
        const headers = new Headers({ "content-type": "application/json" });
        return { status: 200, headers, body, url: request.url };
      },
    },
    sha256,
    time,
    logger: createRecordingLogger(),
  });
  await tokens.verify(await signJwt({ claims: claimsOf(issuer, time.now()) }));
  await tokens.verify("an-opaque-token");
  return inside.requests.map(({ route }) => route);
}

describe("what the operator has opened", () => {
  it("is not where the metadata of an issuer on the internet lead", async () => {
    expect(await openIssuer("internet")).toEqual([]);
  });

  it("is where those of an issuer lead that is opened itself", async () => {
    expect(await openIssuer("opened")).toEqual([JWKS, INTROSPECT]);
  });

  it("is where the operator's own settings lead, whoever the issuer is", async () => {
    const secret = async () => new TextEncoder().encode(CLIENT_SECRET);
    const asked = await openIssuer("internet", (origin) => ({
      jwksUri: `${origin}/jwks`,
      introspection: { clientId: "server", secret, endpoint: `${origin}/introspect` },
    }));
    expect(asked).toEqual([JWKS, INTROSPECT]);
  });
});
