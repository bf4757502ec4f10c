import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import { createAccessTokens, type AccessTokens } from "../../../src/core/auth/access-tokens.ts";
import { sha256 } from "../../../adapters/node/runtime.ts";
import type { IssuerSettings } from "../../../src/types/access-tokens.ts";
import type { OutboundRequest } from "../../../src/types/outbound.ts";
import { canary } from "../../helpers/canary.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";
import { createLoopbackOutbound } from "../../helpers/outbound.ts";

export const PUBLIC_URL = "https://mcp.example.test";
export const RESOURCE = `${PUBLIC_URL}/mcp`;
export const METADATA = "GET /.well-known/oauth-authorization-server";
export const OIDC_METADATA = "GET /.well-known/openid-configuration";
export const JWKS = "GET /jwks";
export const INTROSPECT = "POST /introspect";
export const CLIENT_SECRET = canary("secret-of-the-resource-server_");

/** How long an answer is waited for in tests that wait for none, and longer than a busy machine takes; what was asked for is in `asked`. */
const PATIENCE_MS = 2_000;

export const REFUSED = { ok: false, reason: "invalid" };
export const UNAVAILABLE = { ok: false, reason: "unavailable" };

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  /** With its id, algorithm and use. */
  readonly jwk: JWK;
}

export async function createKey(alg = "ES256", kid = `key-${alg}`): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** Keys that every test may use: making an RSA key takes a while. */
export const KEYS = {
  es: await createKey("ES256"),
  rs: await createKey("RS256"),
  other: await createKey("ES256", "key-of-nobody"),
};

export interface Issuer {
  readonly server: LoopbackServer;
  /** What it says from now on. Nothing is 404. */
  readonly answers: Record<string, LoopbackAnswer | undefined>;
}

/** An authorization server that says what it is told to say, and by itself what a good one says. */
export async function startIssuer(): Promise<Issuer> {
  const answers: Issuer["answers"] = { [JWKS]: keysAnswer(KEYS.es, KEYS.rs) };
  const routes = [METADATA, OIDC_METADATA, JWKS, INTROSPECT];
  const server = await startLoopbackServer(
    Object.fromEntries(routes.map((route) => [route, () => answers[route] ?? { status: 404 }])),
  );
  answers[METADATA] = { body: metadataOf(server.origin) };
  return { server, answers };
}

export function metadataOf(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/jwks`,
    introspection_endpoint: `${origin}/introspect`,
    code_challenge_methods_supported: ["S256"],
  };
}

export function keysAnswer(...keys: readonly Pick<SigningKey, "jwk">[]): LoopbackAnswer {
  return { body: { keys: keys.map(({ jwk }) => jwk) } };
}

export interface Fixture {
  readonly tokens: AccessTokens;
  readonly time: ReturnType<typeof createFakeTime>;
  readonly logs: ReturnType<typeof createRecordingLogger>["records"];
  /** Every request, before it went out. */
  readonly asked: OutboundRequest[];
}

/** This server, which takes tokens of these issuers. */
export function createFixture(...issuers: readonly IssuerSettings[]): Fixture {
  const time = createFakeTime(Date.now());
  const logger = createRecordingLogger();
  const loopback = createLoopbackOutbound();
  const asked: OutboundRequest[] = [];
  const tokens = createAccessTokens({
    issuers,
    publicUrl: () => PUBLIC_URL,
    outbound: {
      fetch(request) {
        asked.push(request);
        return loopback.fetch({ ...request, timeoutMs: PATIENCE_MS });
      },
    },
    sha256,
    time,
    logger,
  });
  return { tokens, time, logs: logger.records, asked };
}

/** The settings of an issuer that can be asked about tokens, and every secret that was handed out for that. */
export function introspected({ server }: Issuer): {
  readonly settings: IssuerSettings;
  readonly secrets: Uint8Array[];
} {
  const secrets: Uint8Array[] = [];
  const secret = async () => {
    const bytes = new TextEncoder().encode(CLIENT_SECRET);
    secrets.push(bytes);
    return bytes;
  };
  return {
    settings: { issuer: server.origin, introspection: { clientId: "mcp server", secret } },
    secrets,
  };
}

/** What stands in a good token of an issuer at this moment. */
export function claimsOf(issuer: string, now: number): Record<string, unknown> {
  const seconds = Math.floor(now / 1000);
  return {
    iss: issuer,
    aud: RESOURCE,
    sub: "alice",
    client_id: "some-client",
    scope: "openid mcp",
    iat: seconds,
    exp: seconds + 3_600,
  };
}

export interface JwtParts {
  readonly claims: Record<string, unknown>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: Pick<SigningKey, "kid" | "alg" | "privateKey">;
}

/** A JWT by one of the keys. A member that is `undefined` is left out. */
export async function signJwt({ claims, header = {}, key = KEYS.es }: JwtParts): Promise<string> {
  return new SignJWT(dropUndefined(claims))
    .setProtectedHeader(
      dropUndefined({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header }) as {
        alg: string;
      },
    )
    .sign(key.privateKey);
}

/** A server with one issuer, and tokens of it that are like a good one but for some parts. */
export async function openWithIssuer() {
  const issuer = await startIssuer();
  const fixture = createFixture({ issuer: issuer.server.origin });
  const now = Math.floor(fixture.time.now() / 1000);
  const good = claimsOf(issuer.server.origin, fixture.time.now());
  const sign = (claims: Record<string, unknown> = {}, rest: Omit<JwtParts, "claims"> = {}) =>
    signJwt({ claims: { ...good, ...claims }, ...rest });
  return { issuer, ...fixture, now, good, sign };
}

/** A token of any header and payload, with whatever stands for a signature. */
export function writeJwt(header: unknown, payload: unknown, signature = ""): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(payload)}.${signature}`;
}

function dropUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
