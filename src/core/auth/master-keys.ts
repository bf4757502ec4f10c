import { AppError } from "../../errors.ts";
import type { DataKeyRecord } from "../../types/vault.ts";
import { fromBase64Url, lengthPrefixed, toBase64Url, toHex, utf8 } from "../../util/bytes.ts";
import {
  deriveBytes,
  deriveSealingKey,
  importRootKey,
  KEY_BYTES,
  open,
  seal,
  SEAL_BYTES,
} from "./crypto.ts";

const WRAP_VERSION = "w1";
const CHECK_VERSION = "c1";
const WRAP_LABEL = "mcp-plugin-server.data-key";
const CHECK_LABEL = "mcp-plugin-server.check";
const CHECK_TEXT = utf8("This is the master key of this vault.");
const ID_BYTES = 16;
const ID = "([0-9a-f]{32})";
const WRAPPED = new RegExp(`^${WRAP_VERSION}\\.${ID}\\.([A-Za-z0-9_-]+)$`);
const CHECK = new RegExp(`^${CHECK_VERSION}\\.${ID}\\.([A-Za-z0-9_-]+)$`);

/** A master key in memory: it wraps, and nothing takes it out again. */
export interface MasterKey {
  /** A fingerprint: 32 hex digits that say nothing of the key. */
  readonly id: string;
  readonly wrapping: CryptoKey;
  readonly checking: CryptoKey;
}

/**
 * The bytes are zeroed.
 *
 * @throws AppError `CONFIG_INVALID` for another length than 32 bytes
 */
export async function importMasterKey(bytes: Uint8Array): Promise<MasterKey> {
  if (bytes.length !== KEY_BYTES) {
    bytes.fill(0);
    throw new AppError("CONFIG_INVALID", `The master key must have ${KEY_BYTES} bytes.`);
  }
  const root = await importRootKey(bytes);
  return {
    id: toHex(await deriveBytes(root, "master-key.id", ID_BYTES)),
    wrapping: await deriveSealingKey(root, "master-key.wrapping"),
    checking: await deriveSealingKey(root, "master-key.check"),
  };
}

/** Wraps a data key for one instance. Its bytes stay the caller's to zero. */
export async function wrapDataKey(
  master: MasterKey,
  { id, instanceId }: Pick<DataKeyRecord, "id" | "instanceId">,
  bytes: Uint8Array,
): Promise<Pick<DataKeyRecord, "wrapped" | "masterKeyId">> {
  const sealed = await seal(master.wrapping, bytes, wrapBinding(master.id, id, instanceId));
  return { wrapped: `${WRAP_VERSION}.${master.id}.${toBase64Url(sealed)}`, masterKeyId: master.id };
}

/** The data key's bytes, for the caller to zero; `null` unless this master key wrapped it under this id for this instance. */
export async function unwrapDataKey(
  master: MasterKey,
  { id, instanceId, wrapped }: Pick<DataKeyRecord, "id" | "instanceId" | "wrapped">,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const match = WRAPPED.exec(wrapped);
  const sealed = match === null ? null : fromBase64Url(match[2]!);
  if (match?.[1] !== master.id || sealed?.length !== KEY_BYTES + SEAL_BYTES) return null;
  return open(master.wrapping, sealed, wrapBinding(master.id, id, instanceId));
}

/** A text that only this master key makes, and that tells whether a key is this one. */
export async function makeCheck(master: MasterKey): Promise<string> {
  const sealed = await seal(master.checking, CHECK_TEXT, checkBinding(master.id));
  return `${CHECK_VERSION}.${master.id}.${toBase64Url(sealed)}`;
}

/** Which master key a check value was made by, as it says; `null` for none. */
export function checkedKeyId(check: string): string | null {
  return CHECK.exec(check)?.[1] ?? null;
}

export async function passesCheck(master: MasterKey, check: string): Promise<boolean> {
  const match = CHECK.exec(check);
  const sealed = match === null ? null : fromBase64Url(match[2]!);
  if (match?.[1] !== master.id || sealed === null) return false;
  const text = await open(master.checking, sealed, checkBinding(master.id));
  return text !== null && toHex(text) === toHex(CHECK_TEXT);
}

function wrapBinding(masterKeyId: string, keyId: string, instanceId: string) {
  return lengthPrefixed([WRAP_LABEL, WRAP_VERSION, masterKeyId, keyId, instanceId]);
}

function checkBinding(masterKeyId: string) {
  return lengthPrefixed([CHECK_LABEL, CHECK_VERSION, masterKeyId]);
}
