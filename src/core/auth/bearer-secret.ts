/** 128 bits in any encoding are longer; what is shorter was made up by a person. */
const MIN_CHARS = 22;

/** Why a text cannot be a client key or an admin token, to be read after its name; `null` when it can. */
export function bearerSecretFault(secret: string): string | null {
  return secret.length >= MIN_CHARS && /^[\x21-\x7e]+$/.test(secret)
    ? null
    : `must have at least ${MIN_CHARS} printable ASCII characters and no spaces, as from: openssl rand -base64 32`;
}
