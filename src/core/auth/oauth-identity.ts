import { None, type ClientAuth } from "oauth4webapi";
import { ok, refuse, type Result } from "../../util/result.ts";
import type { OAuthClientSpec, OAuthFault } from "./oauth-client.ts";
import {
  basicAuthorization,
  keyAuth,
  REGISTERED_METHODS,
  secretAuth,
  type ClientAuthMethod,
} from "./oauth-client-auth.ts";
import { refuseWith } from "./oauth-faults.ts";
import {
  registeredClient,
  type RegisteredClient,
  type RegistrationDeps,
  type RegistrationUse,
} from "./oauth-registration.ts";
import type { OAuthServer } from "./oauth-servers.ts";

/** Who a client is at a server. */
export interface ClientIdentity {
  readonly clientId: string;
  /** For one that has registered itself. */
  readonly registered: RegisteredClient | null;
}

export type Identify = (
  spec: OAuthClientSpec,
  server: OAuthServer,
  use: RegistrationUse,
) => Promise<Result<ClientIdentity, OAuthFault>>;

/** Finds out who a client is; registers one that registers itself. */
export function createIdentification(deps: RegistrationDeps): Identify {
  return async (spec, server, use) => {
    const { clientId, registration = "manual" } = spec.settings;
    if (registration === "manual") {
      if (clientId !== undefined && clientId !== "") return ok({ clientId, registered: null });
      return refuseWith(
        "misconfigured",
        `Register this server at ${server.title} with the redirect URI ${spec.redirectUri}, and enter \`clientId\` in the instance's \`oauth\` settings.`,
      );
    }
    if (registration === "metadata-document") return identifyByDocument(spec, server);
    const made = await registeredClient(spec, server, use, deps);
    return made.ok ? ok({ clientId: made.value.clientId, registered: made.value }) : made;
  };
}

function identifyByDocument(
  { settings, metadataUrl }: OAuthClientSpec,
  { title, metadata, provider, describedBy }: OAuthServer,
): Result<ClientIdentity, OAuthFault> {
  const { clientAuth = "none" } = settings;
  if (clientAuth !== "none") {
    return refuseWith(
      "misconfigured",
      "A client that is known by its metadata document has no secret: leave out `clientAuth`.",
    );
  }
  // A plugin that names endpoints one by one has to know this of them, too.
  const isTaken =
    describedBy === null || metadata["client_id_metadata_document_supported"] === true;
  if (provider !== null || !isTaken) {
    return refuseWith(
      "misconfigured",
      `${title} takes no Client ID Metadata Documents. Choose another \`registration\` in the instance's \`oauth\` settings.`,
    );
  }
  return ok({ clientId: metadataUrl, registered: null });
}

/** How a client proves itself at the endpoints of a server. The secret is asked for here and nowhere else. */
export async function authenticate(
  spec: OAuthClientSpec,
  server: OAuthServer,
  { registered }: ClientIdentity,
): Promise<Result<ClientAuth, OAuthFault>> {
  if (registered !== null) return ok(secretAuth(registered.method, registered.secret ?? ""));
  const { settings, instanceId } = spec;
  if (settings.registration === "metadata-document" || settings.clientAuth === "none") {
    return ok(None());
  }
  const bytes = await spec.secret();
  if (bytes === "elsewhere") return refuse(secretElsewhere(server, spec));
  try {
    if (bytes === null || bytes.length === 0) {
      if (settings.clientAuth === undefined) return ok(None());
      return refuseWith(
        "misconfigured",
        `The client has no secret. Store it with \`mcp-plugin-server oauth secret ${instanceId}\`.`,
      );
    }
    return await proveWith(bytes, settings.clientAuth ?? usualMethod(server), spec, server);
  } finally {
    bytes?.fill(0);
  }
}

/** Nobody was asked for anything. */
function secretElsewhere({ title }: OAuthServer, { instanceId }: OAuthClientSpec): OAuthFault {
  return {
    kind: "misconfigured",
    reason: `The client's secret was stored for another server than the one that is named now (${title}), so it is not sent. Store it again with \`mcp-plugin-server oauth secret ${instanceId}\` if it is meant for this one.`,
    isDefinite: true,
  };
}

async function proveWith(
  bytes: Uint8Array,
  method: Exclude<ClientAuthMethod, "none">,
  { instanceId }: OAuthClientSpec,
  { issuer, endpoints }: OAuthServer,
): Promise<Result<ClientAuth, OAuthFault>> {
  if (method === "private_key_jwt") {
    const auth = await keyAuth(bytes, issuer === null ? endpoints.token : null);
    if (auth !== null) return ok(auth);
    return refuseWith(
      "misconfigured",
      `The client's secret is no private key in PEM (PKCS#8; RSA, P-256 or Ed25519). Store one with \`mcp-plugin-server oauth secret ${instanceId}\`.`,
    );
  }
  const secret = readSecret(bytes);
  if (secret !== null) return ok(secretAuth(method, secret));
  return refuseWith(
    "misconfigured",
    "The client's secret is a private key, or no text. Set `clientAuth` to `private_key_jwt` in the instance's `oauth` settings if it is a key: as a secret it would be sent.",
  );
}

/** The client's `Authorization` for endpoints of a provider's own; `null` without a secret. */
export async function basicOf(
  spec: OAuthClientSpec,
  { clientId }: ClientIdentity,
): Promise<string | null> {
  const bytes = await spec.secret();
  if (bytes === "elsewhere") return null;
  try {
    const secret = bytes === null || bytes.length === 0 ? null : readSecret(bytes);
    return secret === null ? null : basicAuthorization(clientId, secret);
  } finally {
    bytes?.fill(0);
  }
}

function usualMethod({ provider, metadata }: OAuthServer): "basic" | "post" {
  if (provider !== null) return provider.clientAuth;
  const offered: unknown = metadata.token_endpoint_auth_methods_supported;
  if (!Array.isArray(offered) || offered.includes(REGISTERED_METHODS.basic)) return "basic";
  return offered.includes(REGISTERED_METHODS.post) ? "post" : "basic";
}

function readSecret(bytes: Uint8Array): string | null {
  try {
    const secret = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return secret.includes("-----BEGIN ") ? null : secret;
  } catch {
    return null;
  }
}
