import {
  allowInsecureRequests,
  customFetch,
  dynamicClientRegistrationRequest,
  processDynamicClientRegistrationResponse,
} from "oauth4webapi";
import type { Time } from "../../types/runtime.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import { REGISTERED_METHODS } from "./oauth-client-auth.ts";
import { isEndpoint } from "./oauth-endpoint.ts";
import { attempt, faultOfCode, faultOfStatus, refuseWith } from "./oauth-faults.ts";
import { subjectOf, type OAuthServer } from "./oauth-servers.ts";
import { fetchAt, type OAuthFetch } from "./oauth-transport.ts";
import { clientOf } from "./token-record.ts";

/** What is kept of a registration: enough to use it, and to see when it is of no use any more. */
export interface RegisteredClient {
  /** Which client at which server it is (`clientOf`): its secret goes to no other address. */
  readonly client: string;
  readonly redirectUri: string;
  readonly clientId: string;
  readonly method: "basic" | "post" | "none";
  readonly secret: string | null;
  /** Epoch milliseconds; `null` for never. */
  readonly expiresAt: number | null;
}

const ORDER = ["basic", "post", "none"] as const;

export interface RegistrationDeps {
  readonly fetch: OAuthFetch;
  readonly time: Time;
}

/**
 * What a client is needed for: to send a person to the server, to be given tokens for itself, or to go on with what was granted
 * to it, which no other client could.
 */
export type RegistrationUse = "authorization" | "own-grant" | "grant";

/** The client of an instance at a server where it registers itself (RFC 7591): the one it has, or a new one. */
export async function registeredClient(
  spec: OAuthClientSpec,
  server: OAuthServer,
  use: RegistrationUse,
  deps: RegistrationDeps,
): Promise<Result<RegisteredClient, OAuthFault>> {
  const find = async (): Promise<RegisteredClient | null> => {
    const kept = readRegistration(await spec.registered.load());
    return kept?.client === clientOf(spec) ? kept : null;
  };
  const isGood = (kept: RegisteredClient | null): kept is RegisteredClient =>
    kept !== null &&
    (use !== "authorization" || kept.redirectUri === spec.redirectUri) &&
    (kept.expiresAt === null || kept.expiresAt > deps.time.now());
  const kept = await find();
  if (use === "grant") return kept === null ? refuse(unregistered(server)) : ok(kept);
  if (isGood(kept)) return ok(kept);
  return spec.registered.alone(async () => {
    // Another process may have been quicker.
    const newer = await find();
    if (isGood(newer)) return ok(newer);
    const made = await register(spec, server, deps);
    if (made.ok) await spec.registered.save(JSON.stringify(made.value));
    return made;
  });
}

/** For a server that has forgotten the client: the next one to connect registers it again. */
export async function forgetRegistration(
  { registered }: OAuthClientSpec,
  { clientId }: RegisteredClient,
): Promise<void> {
  await registered.alone(async () => {
    const kept = readRegistration(await registered.load());
    if (kept?.clientId === clientId) await registered.save("null");
  });
}

/** What was granted to a client that nobody knows here any more, nobody can use. */
function unregistered({ title }: OAuthServer): OAuthFault {
  return {
    kind: "invalid-grant",
    reason: `What this server was registered as at ${title} is known here no more. Connect again: it registers itself anew.`,
    isDefinite: true,
  };
}

async function register(
  spec: OAuthClientSpec,
  server: OAuthServer,
  { fetch, time }: RegistrationDeps,
): Promise<Result<RegisteredClient, OAuthFault>> {
  const { metadata, title } = server;
  const { settings, redirectUri, declared } = spec;
  if (!isEndpoint(metadata.registration_endpoint)) {
    return refuseWith(
      "misconfigured",
      `${title} lets no client register itself. Register it there by hand and enter \`clientId\` in the instance's \`oauth\` settings.`,
    );
  }
  if (settings.clientAuth === "private_key_jwt") {
    return refuseWith(
      "misconfigured",
      "A client that registers itself has no key to prove itself with: leave out `clientAuth`.",
    );
  }
  // A server that names no ways takes the first (RFC 8414).
  const offered: unknown = metadata.token_endpoint_auth_methods_supported;
  const method =
    settings.clientAuth ??
    ORDER.find((way) => Array.isArray(offered) && offered.includes(REGISTERED_METHODS[way])) ??
    "basic";
  const response = await attempt(title, () =>
    dynamicClientRegistrationRequest(
      metadata,
      {
        client_name: `mcp-plugin-server (${spec.instanceId})`,
        redirect_uris: [redirectUri],
        grant_types:
          settings.grant === "client_credentials"
            ? ["client_credentials"]
            : ["authorization_code", "refresh_token"],
        response_types: settings.grant === "client_credentials" ? [] : ["code"],
        token_endpoint_auth_method: REGISTERED_METHODS[method],
        ...(declared.scopes.length > 0 && { scope: declared.scopes.join(" ") }),
      },
      { [customFetch]: fetchAt(fetch, server), [allowInsecureRequests]: true },
    ),
  );
  if (!response.ok) return response;
  return readAnswer(response.value, spec, server, method, time.now());
}

async function readAnswer(
  response: Response,
  spec: OAuthClientSpec,
  server: OAuthServer,
  asked: RegisteredClient["method"],
  now: number,
): Promise<Result<RegisteredClient, OAuthFault>> {
  const { title } = server;
  const fault = faultOfStatus(response, title, now);
  if (fault !== null) return { ok: false, reason: fault };
  if (response.status !== 201) {
    const body = parseJson(await response.text());
    const code = isJsonObject(body) ? body["error"] : undefined;
    if (typeof code !== "string") {
      return refuseWith("misconfigured", `${title} did not let the client register itself.`);
    }
    return { ok: false, reason: faultOfCode(code, subjectOf(server, spec), "registration") };
  }
  let client: Awaited<ReturnType<typeof processDynamicClientRegistrationResponse>>;
  try {
    client = await processDynamicClientRegistrationResponse(response);
  } catch {
    return refuseWith("bad-answer", `${title} answered the registration with something else.`);
  }
  const { client_id: clientId, client_secret: given, client_secret_expires_at: expires } = client;
  const secret = typeof given === "string" ? given : null;
  const named = client["token_endpoint_auth_method"] ?? usualMethod(secret, asked);
  const method = ORDER.find((way) => REGISTERED_METHODS[way] === named);
  if (method === undefined || (method !== "none" && secret === null)) {
    return refuseWith(
      "bad-answer",
      `${title} registered the client for a way to prove itself that it cannot go.`,
    );
  }
  return ok({
    client: clientOf(spec),
    redirectUri: spec.redirectUri,
    clientId,
    method,
    secret,
    expiresAt: typeof expires === "number" && expires > 0 ? expires * 1000 : null,
  });
}

/** For an answer that says less than RFC 7591 wants of it. */
function usualMethod(secret: string | null, asked: RegisteredClient["method"]): string {
  if (secret === null) return REGISTERED_METHODS.none;
  return REGISTERED_METHODS[asked === "none" ? "basic" : asked];
}

/** It comes from the vault, so it is what we wrote, or nothing. */
function readRegistration(json: string | null): RegisteredClient | null {
  const value = json === null ? null : parseJson(json);
  return isJsonObject(value) ? (value as unknown as RegisteredClient) : null;
}
