import type { CredentialId } from "../../types/vault.ts";
import { fromBase64Url, lengthPrefixed, toBase64Url } from "../../util/bytes.ts";
import { MAX_CREDENTIAL_BYTES } from "../../util/credential-names.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { open, seal, SEAL_BYTES, TAG_BYTES } from "./crypto.ts";

const VERSION = "v1";
const LABEL = "mcp-plugin-server.credential";
const MAX_SEALED_BYTES = MAX_CREDENTIAL_BYTES + SEAL_BYTES;
/** Version, key id, sequence and three dots take no more than 64. */
const MAX_CHARS = 64 + Math.ceil((MAX_SEALED_BYTES * 4) / 3);
/** The tag ends the record. With its last bytes as base64, these are all of it. */
const TAG_CHARS = Math.ceil((TAG_BYTES * 8) / 6);
const VERSION_PATTERN = /^([A-Za-z]{1,8}[0-9]{1,8})\./;
const PATTERN =
  /^v1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9][0-9]{0,15})\.([A-Za-z0-9_-]+)$/;

/** What a record says of itself. None of it is true before the record has been opened. */
export interface SealedRecord {
  readonly keyId: string;
  readonly sequence: number;
  /** IV, ciphertext and tag. */
  readonly sealed: Uint8Array<ArrayBuffer>;
}

export type RecordFault = "malformed" | "unknown-version";

/** Reads a record's text. There is one text for each record: what is not written just so is refused. */
export function parseRecord(text: string): Result<SealedRecord, RecordFault> {
  if (text.length > MAX_CHARS) return refuse("malformed");
  const match = PATTERN.exec(text);
  if (match === null) {
    const version = VERSION_PATTERN.exec(text)?.[1];
    return refuse(version === undefined || version === VERSION ? "malformed" : "unknown-version");
  }
  const [, keyId, digits, body] = match as unknown as [string, string, string, string];
  const sequence = Number(digits);
  const sealed = fromBase64Url(body);
  if (!Number.isSafeInteger(sequence) || sealed === null) return refuse("malformed");
  // A secret is never empty.
  if (sealed.length <= SEAL_BYTES || sealed.length > MAX_SEALED_BYTES) return refuse("malformed");
  return ok({ keyId, sequence, sealed });
}

/** What a record is bound to: it opens as this credential's, of this sequence and key, and as no other's. */
export function recordBinding(
  { owner, instanceId, name }: CredentialId,
  { keyId, sequence }: Pick<SealedRecord, "keyId" | "sequence">,
): Uint8Array<ArrayBuffer> {
  const count = new Uint8Array(8);
  new DataView(count.buffer).setBigUint64(0, BigInt(sequence));
  return lengthPrefixed([LABEL, VERSION, keyId, owner, instanceId, name, count]);
}

/** Tells which is which of two records that open as the same credential, sequence and key. */
export function recordTag(text: string): string {
  return text.slice(-TAG_CHARS);
}

/** Seals a secret as a credential. It stays the caller's to zero. */
export async function sealRecord(
  id: CredentialId,
  { keyId, sequence, key }: { keyId: string; sequence: number; key: CryptoKey },
  secret: Uint8Array,
): Promise<string> {
  const sealed = await seal(key, secret, recordBinding(id, { keyId, sequence }));
  return `${VERSION}.${keyId}.${sequence}.${toBase64Url(sealed)}`;
}

/** The secret, for the caller to zero; `null` when the record is not what it says. */
export function openRecord(
  id: CredentialId,
  record: SealedRecord,
  key: CryptoKey,
  binding: Uint8Array<ArrayBuffer> = recordBinding(id, record),
): Promise<Uint8Array<ArrayBuffer> | null> {
  return open(key, record.sealed, binding);
}
