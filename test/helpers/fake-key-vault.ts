import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { answerJson, FaultScript, readText } from "./cloud-faults.ts";
import { listenOnLoopback } from "./listen.ts";

export interface FakeKeyVault {
  /** The address, on `https`: `ca` says who vouches for it. */
  readonly url: string;
  readonly ca: string;
  readonly faults: FaultScript;
  /** What was asked of the vault, in order, also of what a fault met; requests without a token are `challenge`. */
  readonly actions: string[];
  /** How many tokens were asked for. */
  readonly tokens: () => number;
  /** The current values by name. */
  values(): ReadonlyMap<string, string>;
  /** The same of deleted secrets that can be recovered. */
  deleted(): ReadonlyMap<string, string>;
  tamper(name: string, value: string): void;
  close(): Promise<void>;
}

export interface FakeKeyVaultOptions {
  /** Whether deleted secrets may be purged. */
  readonly purges?: boolean;
}

export const FAKE_AZURE_CLIENT = {
  tenant: "00000000-0000-4000-8000-00000000feed",
  id: "00000000-0000-4000-8000-00000000c11e",
  secret: "fake~client.secret",
};

const TOKEN = "fake.access.token";
/** How many requests find a secret neither there nor deleted: Key Vault deletes and recovers in the background. */
const LINGERING_REQUESTS = 2;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
const MAX_VALUE_BYTES = 25 * 1024;

interface Secret {
  readonly name: string;
  /** Newest last. */
  readonly versions: string[];
  state: "there" | "deleted";
  /** How many more requests find it changing its state. */
  busy: number;
}

interface Call {
  readonly action: string;
  readonly name: string;
  readonly body: string;
  readonly isStale: boolean;
}

/** The part of Azure Key Vault's REST protocol that is about single secrets, and an authority that gives tokens for it. */
export async function startFakeKeyVault({
  purges = true,
}: FakeKeyVaultOptions = {}): Promise<FakeKeyVault> {
  // Names of secrets are the same in either case.
  const secrets = new Map<string, Secret>();
  const faults = new FaultScript();
  const actions: string[] = [];
  const counts = { tokens: 0 };
  const ca = fixture("cert");
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readText(request);
    const { pathname, searchParams, origin } = new URL(request.url ?? "", addressOf(server));
    if (pathname.startsWith(`/${FAKE_AZURE_CLIENT.tenant}/`)) {
      return answerAuthority(pathname, origin, body, response, counts);
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      actions.push("challenge");
      const challenge = `Bearer authorization="${origin}/${FAKE_AZURE_CLIENT.tenant}", resource="https://vault.azure.net"`;
      return refuse(response, 401, "Unauthorized", "A token is needed.", {
        "www-authenticate": challenge,
      });
    }
    const call = toCall(request, pathname);
    actions.push(call.action);
    if (!searchParams.has("api-version")) {
      return refuse(response, 400, "BadParameter", "api-version is needed.");
    }
    const fault = faults.take(call.action);
    if (fault === "timeout") return undefined;
    if (fault === "reset") return void request.socket.destroy();
    if (fault === "deletedButRecoverable") {
      const found = secrets.get(call.name.toLowerCase());
      if (found !== undefined) Object.assign(found, { state: "deleted", busy: 0 });
    }
    if (fault === "throttle") return refuse(response, 429, "Throttled", "Too many requests.");
    if (fault === "500") return refuse(response, 500, "InternalServerError", "It failed.");
    if (fault === "503") return refuse(response, 503, "ServiceUnavailable", "Try again.");
    if (fault === "accessDenied" || (call.action === "purge" && !purges)) {
      const message = `The user does not have secrets ${call.action} permission on key vault.`;
      return refuse(response, 403, "Forbidden", message);
    }
    return answer(secrets, { ...call, body, isStale: fault === "stale" }, origin, response);
  };
  const server = createServer(
    { cert: ca, key: fixture("key") },
    (request, response) => void serve(request, response),
  );
  const { close } = await listenOnLoopback(server);
  const valuesOf = (state: Secret["state"]) =>
    new Map(
      [...secrets.values()]
        .filter((secret) => secret.state === state)
        .map(({ name, versions }) => [name, versions.at(-1)!]),
    );
  return {
    url: addressOf(server),
    ca,
    faults,
    actions,
    tokens: () => counts.tokens,
    values: () => valuesOf("there"),
    deleted: () => valuesOf("deleted"),
    tamper: (name, value) => void secrets.get(name.toLowerCase())!.versions.push(value),
    close,
  };
}

function toCall(request: IncomingMessage, path: string): Pick<Call, "action" | "name"> {
  const [, collection, name = "", verb] = path.split("/");
  const isDeleted = collection === "deletedsecrets";
  const actions: Record<string, string> = isDeleted
    ? { GET: "get-deleted", DELETE: "purge", POST: verb === "recover" ? "recover" : "none" }
    : { GET: "get", PUT: "set", DELETE: "delete" };
  return { action: actions[request.method ?? ""] ?? "none", name };
}

function answer(
  secrets: Map<string, Secret>,
  { action, name, body, isStale }: Call,
  origin: string,
  response: ServerResponse,
): void {
  if (!NAME.test(name)) return refuse(response, 400, "BadParameter", `${name} is no name.`);
  const key = name.toLowerCase();
  const secret = secrets.get(key);
  const isBusy = secret !== undefined && secret.busy > 0;
  if (isBusy) secret.busy--;
  const missing = () => refuse(response, 404, "SecretNotFound", `${name} was not found.`);
  const bundle = (found: Secret, value = found.versions.at(-1)) =>
    answerJson(response, 200, {
      id: `${origin}/secrets/${found.name}/${found.versions.length}`,
      ...(found.state === "there"
        ? { value }
        : { recoveryId: `${origin}/deletedsecrets/${found.name}` }),
      attributes: { enabled: true, recoveryLevel: "Recoverable+Purgeable" },
    });
  if (action === "set") {
    if (isBusy) return conflict(response, "ObjectIsBeingDeleted", `${name} is being deleted.`);
    if (secret?.state === "deleted") {
      const state = `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused.`;
      return conflict(response, "ObjectIsDeletedButRecoverable", state);
    }
    const { value } = JSON.parse(body) as { value: string };
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      return refuse(response, 400, "BadParameter", "The value is too long.");
    }
    const stored = secret ?? { name, versions: [], state: "there", busy: 0 };
    secrets.set(key, stored);
    stored.versions.push(value);
    return bundle(stored);
  }
  if (secret === undefined || isBusy) return missing();
  const wanted = ["get", "delete"].includes(action) ? "there" : "deleted";
  if (secret.state !== wanted) return missing();
  switch (action) {
    case "get": {
      const value = isStale ? secret.versions.at(-2) : secret.versions.at(-1);
      return value === undefined ? missing() : bundle(secret, value);
    }
    case "delete":
      Object.assign(secret, { state: "deleted", busy: LINGERING_REQUESTS });
      return bundle(secret);
    case "get-deleted":
      return bundle(secret);
    case "recover":
      Object.assign(secret, { state: "there", busy: LINGERING_REQUESTS });
      return bundle(secret);
    case "purge":
      secrets.delete(key);
      response.writeHead(204).end();
      return undefined;
    default:
      return refuse(response, 405, "MethodNotAllowed", "There is no such operation.");
  }
}

/** What a confidential client asks of Microsoft Entra ID: the metadata, and a token for its secret. */
function answerAuthority(
  path: string,
  origin: string,
  body: string,
  response: ServerResponse,
  counts: { tokens: number },
): void {
  const tenant = `${origin}/${FAKE_AZURE_CLIENT.tenant}`;
  if (path.endsWith("/.well-known/openid-configuration")) {
    return answerJson(response, 200, {
      issuer: `${tenant}/v2.0`,
      authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${tenant}/oauth2/v2.0/token`,
      jwks_uri: `${tenant}/discovery/v2.0/keys`,
    });
  }
  const form = new URLSearchParams(body);
  const isRight =
    path.endsWith("/oauth2/v2.0/token") &&
    form.get("client_id") === FAKE_AZURE_CLIENT.id &&
    form.get("client_secret") === FAKE_AZURE_CLIENT.secret &&
    form.get("scope")?.includes("https://vault.azure.net/.default") === true;
  if (!isRight) {
    return answerJson(response, 401, {
      error: "invalid_client",
      error_description: "AADSTS7000215: Invalid client secret provided.",
    });
  }
  counts.tokens++;
  return answerJson(response, 200, {
    token_type: "Bearer",
    expires_in: 3_600,
    access_token: TOKEN,
  });
}

function conflict(response: ServerResponse, inner: string, message: string): void {
  answerJson(response, 409, {
    error: { code: "Conflict", message, innererror: { code: inner } },
  });
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers?: Record<string, string>,
): void {
  answerJson(response, status, { error: { code, message } }, headers);
}

function addressOf(server: { address(): AddressInfo | string | null }): string {
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

function fixture(name: "cert" | "key"): string {
  return readFileSync(
    fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)),
    "utf8",
  );
}
