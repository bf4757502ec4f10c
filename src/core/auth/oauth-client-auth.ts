import {
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  type ClientAuth,
} from "oauth4webapi";
import type { OAuthClientSettings } from "../../types/oauth.ts";
import { readPemKey } from "../../util/pem-key.ts";

export type ClientAuthMethod = NonNullable<OAuthClientSettings["clientAuth"]>;

/** The names in metadata and registrations. */
export const REGISTERED_METHODS = {
  basic: "client_secret_basic",
  post: "client_secret_post",
  private_key_jwt: "private_key_jwt",
  none: "none",
} as const satisfies Record<ClientAuthMethod, string>;

/** The kinds of private key that sign assertions. */
const KEYS = [
  { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  { name: "ECDSA", namedCurve: "P-256" },
  { name: "Ed25519" },
] as const;

export function secretAuth(method: "basic" | "post" | "none", secret: string): ClientAuth {
  if (method === "none") return None();
  if (method === "post") return ClientSecretPost(secret);
  return (_server, { client_id: clientId }, _body, headers) => {
    headers.set("authorization", basicAuthorization(clientId, secret));
  };
}

/**
 * RFC 6749, 2.3.1, with no character escaped that need not be. The library escapes `-` and `_`, too, which is allowed, and
 * which servers that forget to decode take for another secret.
 */
export function basicAuthorization(clientId: string, secret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`)}`;
}

/** @returns `null` when the bytes are no private key of a kind that signs */
export async function keyAuth(
  pem: Uint8Array,
  audience: string | null,
): Promise<ClientAuth | null> {
  const key = await importKey(pem);
  if (key === null) return null;
  return PrivateKeyJwt(key, {
    [modifyAssertion](_header, payload) {
      if (audience !== null) payload["aud"] = audience;
    },
  });
}

async function importKey(pem: Uint8Array): Promise<CryptoKey | null> {
  const read = readPemKey(pem);
  if (read.kind !== "pkcs8") return null;
  try {
    for (const algorithm of KEYS) {
      try {
        return await crypto.subtle.importKey("pkcs8", read.der, algorithm, false, ["sign"]);
      } catch {
        // It is of another kind, then.
      }
    }
    return null;
  } finally {
    read.der.fill(0);
  }
}
