import type { OAuthToken } from "../../types/oauth.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { allocateSecret } from "../../util/secret-bytes.ts";
import type { OAuthClientSpec } from "./oauth-client.ts";

/** The name under which an owner's tokens are in the vault. */
export const TOKEN_NAME = "$oauth.token";

/** An owner's tokens, as the vault has them: one record, so that none is ever of another pair than the others. */
export interface TokenRecord extends OAuthToken {
  /** Which client at which server they are for: they are shown to no other. */
  readonly client: string;
  /** Which pair of the grant's it is. */
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly obtainedAt: number;
  /** When a person connected the account, in epoch milliseconds. */
  readonly connectedAt: number;
  /** Whose account it is, as people know it. It is with the tokens, so that nobody's name is ever put to another's. */
  readonly account: string | null;
  /** Asked for, and not granted. */
  readonly missingScopes: readonly string[];
}

/** What a client at a server is called in the record. Another address, id or tenant is another. */
export function clientOf({ declared, settings }: OAuthClientSpec): string {
  const { clientId, tenant, baseUrl, registration, grant } = settings;
  return canonicalJson([
    [declared.provider, declared.urls ?? null],
    [clientId, tenant, baseUrl, registration, grant].map((setting) => setting ?? null),
  ]);
}

/** Whether the client grants to itself, so that nobody has to be asked. */
export function isOwnGrant({ settings }: OAuthClientSpec): boolean {
  return settings.grant === "client_credentials";
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** The record's bytes, for the caller to zero. */
export function tokenBytes(record: TokenRecord): Uint8Array {
  const text = JSON.stringify(record);
  const bytes = allocateSecret(text.length * 3);
  return bytes.subarray(0, encoder.encodeInto(text, bytes).written);
}

/** What the vault gave. The vault has authenticated it, so only the shape is looked at; `null` when it is another's. */
export function readTokenBytes(bytes: Uint8Array): TokenRecord | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return isJsonObject(value) && isTokenRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** By hand, for each use of a token comes this way. */
function isTokenRecord(value: Record<string, unknown>): value is TokenRecord & typeof value {
  const { refreshToken, expiresAt, generation, obtainedAt, connectedAt, account, missingScopes } =
    value as Partial<TokenRecord>;
  return (
    ["accessToken", "scope", "tokenType", "client"].every(
      (name) => typeof value[name] === "string",
    ) &&
    (refreshToken === undefined || typeof refreshToken === "string") &&
    (account === null || typeof account === "string") &&
    Array.isArray(missingScopes) &&
    [expiresAt, generation, obtainedAt, connectedAt].every((number) => Number.isSafeInteger(number))
  );
}

/** As a plugin gets it: the refresh token stays here. */
export function toPluginToken({
  accessToken,
  expiresAt,
  scope,
  tokenType,
}: OAuthToken): OAuthToken {
  return { accessToken, expiresAt, scope, tokenType };
}
