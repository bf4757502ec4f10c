import { utf8 } from "../../util/bytes.ts";
import { allocateSecret } from "../../util/secret-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Of every key: AES-256, and nothing shorter by accident. */
export const KEY_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;
/** What sealing adds to a secret. */
export const SEAL_BYTES = IV_BYTES + TAG_BYTES;

const TAG_BITS = TAG_BYTES * 8;

/** A random key. Its bytes are the caller's to zero. */
export function randomKey(): Bytes {
  return crypto.getRandomValues(allocateSecret(KEY_BYTES));
}

/**
 * A key that seals and opens, and cannot be taken out again. The bytes are zeroed.
 *
 * @throws RangeError for another length than 32 bytes
 */
export async function importSealingKey(bytes: Uint8Array): Promise<CryptoKey> {
  return importKey(bytes, { name: "AES-GCM" }, ["encrypt", "decrypt"]);
}

/** A key for HMAC-SHA-256. The bytes are zeroed. */
export async function importMacKey(bytes: Uint8Array): Promise<CryptoKey> {
  return importKey(bytes, { name: "HMAC", hash: "SHA-256" }, ["sign", "verify"]);
}

/** A key that others are derived from. The bytes are zeroed. */
export async function importRootKey(bytes: Uint8Array): Promise<CryptoKey> {
  return importKey(bytes, { name: "HKDF" }, ["deriveBits", "deriveKey"]);
}

/** The key for one purpose: what is known of it says nothing of the root or of another purpose's. */
export async function deriveSealingKey(root: CryptoKey, purpose: string): Promise<CryptoKey> {
  const algorithm = { name: "AES-GCM", length: KEY_BYTES * 8 };
  return crypto.subtle.deriveKey(hkdf(purpose), root, algorithm, false, ["encrypt", "decrypt"]);
}

export async function deriveBytes(
  root: CryptoKey,
  purpose: string,
  length: number,
): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(purpose), root, length * 8));
}

/** 96 random bits: what may be used 2^32 times with one key. */
export function randomIv(): Bytes {
  return crypto.getRandomValues(new Uint8Array(IV_BYTES));
}

/** IV, ciphertext and tag. The secret stays the caller's to zero. */
export async function seal(key: CryptoKey, secret: Uint8Array, binding: Bytes): Promise<Bytes> {
  const iv = randomIv();
  const sealed = await crypto.subtle.encrypt(parameters(iv, binding), key, toOwn(secret));
  const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), IV_BYTES);
  return bytes;
}

/** The secret, in the only buffer that holds it: whoever gets it zeroes it. `null` unless it was sealed just so. */
export async function open(key: CryptoKey, sealed: Bytes, binding: Bytes): Promise<Bytes | null> {
  if (sealed.length < SEAL_BYTES) return null;
  const iv = sealed.subarray(0, IV_BYTES);
  try {
    const algorithm = parameters(iv, binding);
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.subarray(IV_BYTES)));
  } catch (error) {
    if (error instanceof DOMException && error.name === "OperationError") return null;
    throw error;
  }
}

function parameters(iv: Bytes, binding: Bytes): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: binding, tagLength: TAG_BITS };
}

/** Without salt: the root is random already. */
function hkdf(purpose: string): HkdfParams {
  return {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: utf8(`mcp-plugin-server.${purpose}`),
  };
}

async function importKey(
  bytes: Uint8Array,
  algorithm: AlgorithmIdentifier | HmacImportParams,
  usages: KeyUsage[],
): Promise<CryptoKey> {
  try {
    // Web Crypto takes 16 and 24 bytes for AES, too.
    if (bytes.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes.`);
    return await crypto.subtle.importKey("raw", toOwn(bytes), algorithm, false, usages);
  } finally {
    bytes.fill(0);
  }
}

/** Web Crypto does not take memory that threads share, which nothing here is. */
function toOwn(bytes: Uint8Array): Bytes {
  return bytes as Bytes;
}
