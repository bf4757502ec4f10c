import { createOAuthClient, type OAuthClient } from "../../../src/core/auth/oauth-client.ts";
import type { OAuthClientSpec } from "../../../src/core/auth/oauth-client.ts";
import type { OAuthClientSettings, PluginOAuth } from "../../../src/types/oauth.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { grantAs, type PersonOptions } from "../../helpers/oidc-person.ts";
import { createLoopbackOutbound } from "../../helpers/outbound.ts";

export const REDIRECT_URI = "https://tools.example.test/oauth/callback/work";
export const VERIFIER = "verifier-0123456789-0123456789-0123456789-abc";
export const STATE = "state-0123456789";

/** How a server at this origin describes itself: RFC 8414. */
export function metadataOf(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    code_challenge_methods_supported: ["S256"],
  };
}

export interface OAuthFixture {
  readonly client: OAuthClient;
  readonly time: ReturnType<typeof createFakeTime>;
  readonly outbound: ReturnType<typeof createLoopbackOutbound>;
  readonly logger: ReturnType<typeof createRecordingLogger>;
}

/** A client at the current time: the servers of the tests know no other. */
export function createFixture(stands: Readonly<Record<string, string>> = {}): OAuthFixture {
  const time = createFakeTime(Date.now());
  const outbound = createLoopbackOutbound({ stands });
  const logger = createRecordingLogger();
  return { client: createOAuthClient({ outbound, time, logger }), time, outbound, logger };
}

export interface SpecParts {
  readonly declared: Partial<PluginOAuth>;
  readonly settings?: OAuthClientSettings;
  readonly secret?: string | Uint8Array | null;
  readonly redirectUri?: string;
}

/** The client of the instance `work`, with a registration that is kept in memory. */
export function toSpec({ declared, settings = {}, secret = null, ...rest }: SpecParts): {
  readonly spec: OAuthClientSpec;
  /** Every secret that was handed out, to see that it has been zeroed. */
  readonly secrets: Uint8Array[];
  /** What has been saved of registrations. */
  readonly saved: string[];
} {
  const secrets: Uint8Array[] = [];
  const saved: string[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const spec: OAuthClientSpec = {
    instanceId: "work",
    declared: { provider: "custom", scopes: [], ...declared },
    settings,
    redirectUri: rest.redirectUri ?? REDIRECT_URI,
    metadataUrl: "https://tools.example.test/oauth/client/work",
    async secret() {
      if (secret === null) return null;
      const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret.slice();
      secrets.push(bytes);
      return bytes;
    },
    registered: {
      load: async () => saved.at(-1) ?? null,
      save: async (json) => void saved.push(json),
      alone(work) {
        const done = turn.then(work);
        turn = done.catch(() => undefined);
        return done;
      },
    },
  };
  return { spec, secrets, saved };
}

/** A client without a secret, whose server describes itself. */
export function specOf(issuer: string): OAuthClientSpec {
  return toSpec({ declared: { urls: { issuer } }, settings: { clientId: "client" } }).spec;
}

/** Sends a person to the server and takes what they bring back. */
export async function connect(
  client: OAuthClient,
  spec: OAuthClientSpec,
  person: PersonOptions = {},
): Promise<{
  readonly exchange: () => ReturnType<OAuthClient["exchange"]>;
  readonly callback: URLSearchParams;
  readonly issuer: string | null;
}> {
  const left = await client.authorizationUrl(spec, { state: STATE, codeVerifier: VERIFIER });
  if (!left.ok) throw new Error(left.reason.reason);
  const { url, issuer } = left.value;
  const { searchParams: callback } = await grantAs(url, spec.redirectUri, person);
  const flow = { state: STATE, codeVerifier: VERIFIER, issuer, callback };
  return { exchange: () => client.exchange(spec, flow), callback, issuer };
}
