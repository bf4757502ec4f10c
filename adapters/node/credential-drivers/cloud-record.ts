import { createHash } from "node:crypto";
import type { CredentialId } from "../../../src/index.ts";
import { hashOf } from "./record-name.ts";

/** What the secret of a credential holds: the sealed text, or in how many more secrets it lies. */
export type CloudRecord =
  | { readonly sealed: string }
  | { readonly parts: number; readonly digest: string };

/** The record as text, with whose it is, so that a record under another's name shows and an operator can tell. */
export function encodeCloudRecord(
  { owner, instanceId, name }: CredentialId,
  record: CloudRecord,
): string {
  return JSON.stringify({ v: 1, instance: instanceId, owner, name, ...record });
}

/** `null` unless the text is what `encodeCloudRecord` makes for this credential. */
export function decodeCloudRecord(id: CredentialId, text: string): CloudRecord | null {
  const record = toRecord(text);
  return record !== null && encodeCloudRecord(id, record) === text ? record : null;
}

export function digestOf(sealed: string): string {
  return createHash("sha256").update(sealed).digest("hex");
}

/**
 * The hashes under which the parts of a text lie. They are the text's own: a record and the one before it have no part in
 * common, so each stays whole until nothing points at it.
 */
export function partHashes(id: CredentialId, record: CloudRecord): readonly string[] {
  if ("sealed" in record) return [];
  const { parts, digest } = record;
  return Array.from({ length: parts }, (_, index) => hashOf(id, "part", digest, String(index)));
}

export function splitText(text: string, maxChars: number): readonly string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += maxChars) {
    parts.push(text.slice(start, start + maxChars));
  }
  return parts;
}

const MAX_PARTS = 64;

function toRecord(text: string): CloudRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  if ("sealed" in value && typeof value.sealed === "string") return { sealed: value.sealed };
  if (!("parts" in value) || !("digest" in value)) return null;
  const { parts, digest } = value;
  if (typeof parts !== "number" || typeof digest !== "string") return null;
  return Number.isInteger(parts) && parts > 0 && parts <= MAX_PARTS ? { parts, digest } : null;
}
