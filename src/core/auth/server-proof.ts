import { equalInConstantTime, fromBase64Url, toBase64Url } from "../../util/bytes.ts";
import { importMacKey } from "./crypto.ts";

const CHALLENGE_BYTES = 32;

/**
 * Shows that a server is the one that a data folder names, before anybody hands it a token: it knows the secret that it has
 * put there. That something listens on its port shows nothing: the server may be gone, and the port another's by now.
 */
export interface ServerProof {
  /** HMAC-SHA-256 of the challenge, in base64url; `null` for what is no challenge: 32 bytes in base64url. */
  answer(challenge: string): Promise<string | null>;
  /** Whether an answer is that to the challenge. Compares in constant time. */
  accepts(challenge: string, answer: unknown): Promise<boolean>;
}

/** @param secret 32 random bytes, which no other start of the server has; they are zeroed */
export async function createServerProof(secret: Uint8Array): Promise<ServerProof> {
  const key = await importMacKey(secret);
  async function macOf(challenge: string): Promise<Uint8Array | null> {
    const bytes = fromBase64Url(challenge);
    if (bytes?.length !== CHALLENGE_BYTES) return null;
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
  }
  return {
    async answer(challenge) {
      const mac = await macOf(challenge);
      return mac === null ? null : toBase64Url(mac);
    },
    async accepts(challenge, answer) {
      const mac = await macOf(challenge);
      const given = typeof answer === "string" ? fromBase64Url(answer) : null;
      return mac !== null && given !== null && equalInConstantTime(mac, given);
    },
  };
}
