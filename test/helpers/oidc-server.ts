import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  Provider,
  type ClientMetadata,
  type Configuration,
  type ResourceServer,
} from "oidc-provider";
import { onTestFinished } from "vitest";
import { listenOnLoopback } from "./listen.ts";
import { createOidcAdapters } from "./oidc-adapter.ts";

export const OIDC_SECRET = "the-secret_of-the-client.0123456789";
export const OIDC_RESOURCE = "https://api.example.test/v1";

export interface OidcServerOptions {
  /** Where people come back to: exact, one for each client that is in use. */
  readonly redirectUris: readonly string[];
  /** 3,600 when left out. */
  readonly accessTokenSeconds?: number;
  readonly refreshTokenSeconds?: number;
  readonly codeSeconds?: number;
  /** Each refresh gives a new refresh token, which is the default. */
  readonly rotates?: boolean;
  /** The refresh token before stays good until the new one is used. Otherwise it is strict: used twice, it ends the grant. */
  readonly honoursPrevious?: boolean;
  readonly issuesRefreshTokens?: boolean;
  /** Of resources, beside the usual: clients may name them when they register. */
  readonly scopes?: readonly string[];
  /** What people grant of what they are asked for. All of it when left out. */
  readonly grantScopes?: (asked: readonly string[]) => readonly string[];
  /** Beside `basic`, `post`, `public`, `keyed` and `service`. */
  readonly clients?: readonly ClientMetadata[];
  /** Of the client `keyed`. */
  readonly publicKey?: JsonWebKey;
  /** What is said of resources beside the usual, which is `OIDC_RESOURCE` with opaque tokens for `read write admin`. */
  readonly resourceServer?: (resource: string) => Partial<ResourceServer>;
}

/** An answer in place of the server's own. */
export interface PlannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface OidcServer {
  readonly issuer: string;
  readonly provider: Provider;
  /** `POST /token` and the like, in order. */
  readonly requests: string[];
  /** How often something was asked for. */
  hits(request: string): number;
  /** The next request of this kind gets this answer, and the server does not see it. */
  plan(request: string, answer: PlannedAnswer): void;
  /** This is done while the next request of this kind waits for its answer. */
  meanwhile(request: string, work: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/**
 * A real authorization server on loopback: PKCE with S256 required, refresh tokens rotated, `iss` in callbacks, revocation,
 * client credentials, dynamic registration, resource indicators. Closed when the test ends.
 */
export async function startOidcServer(options: OidcServerOptions): Promise<OidcServer> {
  const requests: string[] = [];
  const planned = new Map<string, PlannedAnswer[]>();
  const awaited = new Map<string, () => Promise<unknown>>();
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => {
    const name = `${request.method} ${request.url!.split("?")[0]}`;
    requests.push(name);
    const work = awaited.get(name);
    if (work !== undefined) {
      awaited.delete(name);
      return void work().finally(() => handle(request, response));
    }
    const answer = planned.get(name)?.shift();
    if (answer === undefined) return handle(request, response);
    request.resume().on("end", () => {
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    });
  });
  const { origin: issuer, close } = await listenOnLoopback(server);
  const provider = quietly(() => new Provider(issuer, toConfiguration(options)));
  const callback = provider.callback();
  handle = (request, response) => {
    if (request.url!.startsWith("/interaction/"))
      void interact(provider, options, request, response);
    else void callback(request, response);
  };
  onTestFinished(close);
  return {
    issuer,
    provider,
    requests,
    hits: (request) => requests.filter((name) => name === request).length,
    plan: (request, answer) => void planned.set(request, [...(planned.get(request) ?? []), answer]),
    meanwhile: (request, work) => void awaited.set(request, work),
    close,
  };
}

function toConfiguration(options: OidcServerOptions): Configuration {
  const { redirectUris, clients = [], publicKey, rotates = true } = options;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const usual = {
    redirect_uris: [...redirectUris],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    response_types: ["code" as const],
    client_secret: OIDC_SECRET,
  };
  const keyed: ClientMetadata = {
    ...usual,
    client_id: "keyed",
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: publicKey === undefined ? [] : [publicKey] },
  };
  const { issuesRefreshTokens = true, honoursPrevious = false } = options;
  return {
    adapter: createOidcAdapters(honoursPrevious),
    jwks: {
      keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256" }],
    },
    cookies: { keys: ["only for tests"] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    clients: [
      { ...usual, client_id: "basic", token_endpoint_auth_method: "client_secret_basic" },
      { ...usual, client_id: "post", token_endpoint_auth_method: "client_secret_post" },
      {
        client_id: "public",
        redirect_uris: [...redirectUris],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "none",
      },
      ...(publicKey === undefined ? [] : [keyed]),
      ...clients,
    ],
    scopes: ["openid", "offline_access", "read", "write", "admin", ...(options.scopes ?? [])],
    claims: { openid: ["sub", "email"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: rotates,
    issueRefreshToken: async () => issuesRefreshTokens,
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.test` }),
    }),
    ttl: {
      AccessToken: options.accessTokenSeconds ?? 3600,
      ClientCredentials: options.accessTokenSeconds ?? 3600,
      RefreshToken: options.refreshTokenSeconds ?? 86_400,
      AuthorizationCode: options.codeSeconds ?? 60,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 600,
      IdToken: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "read write admin",
          audience: OIDC_RESOURCE,
          accessTokenTTL: options.accessTokenSeconds ?? 3600,
          accessTokenFormat: "opaque",
          ...options.resourceServer?.(resource),
        }),
      },
    },
  };
}

/** One page for both questions, who it is and whether they agree, without scripts. */
async function interact(
  provider: Provider,
  options: OidcServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  const { prompt, params, session } = details;
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>${prompt.name}</title><h1>${prompt.name}</h1>
<form method="post"><label>Login <input name="login" value="alice"></label>
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>`);
    return;
  }
  const form = new URLSearchParams(await readText(request));
  if (form.get("decision") !== "allow") {
    const denial = { error: "access_denied", error_description: "The person said no." };
    return provider.interactionFinished(request, response, denial);
  }
  if (prompt.name === "login") {
    const login = { accountId: form.get("login") ?? "alice" };
    return provider.interactionFinished(request, response, { login });
  }
  const { client_id: clientId, scope, resource } = params as Record<string, string | undefined>;
  const grant = new provider.Grant({ accountId: session!.accountId, clientId: clientId! });
  const asked = (scope ?? "").split(" ").filter((name) => name !== "");
  const granted = (options.grantScopes?.(asked) ?? asked).join(" ");
  grant.addOIDCScope(granted);
  if (resource !== undefined) grant.addResourceScope(resource, granted);
  grant.addOIDCClaims(["email"]);
  const others = asked.filter((name) => !granted.split(" ").includes(name)).join(" ");
  grant.rejectOIDCScope(others);
  if (resource !== undefined) grant.rejectResourceScope(resource, others);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(
    request,
    response,
    { consent },
    { mergeWithLastSubmission: true },
  );
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** It tells whoever builds one what not to do in production. */
function quietly<T>(build: () => T): T {
  const { info, warn } = console;
  Object.assign(console, { info() {}, warn() {} });
  try {
    return build();
  } finally {
    Object.assign(console, { info, warn });
  }
}
