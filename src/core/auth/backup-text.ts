import { scryptAsync } from "@noble/hashes/scrypt.js";
import * as z from "zod";
import { fromBase64Url, toBase64Url, utf8 } from "../../util/bytes.ts";
import { canonicalJson } from "../../util/canonical-json.ts";
import { parseJson } from "../../util/parse-json.ts";
import { ok, refuse, type Result } from "../../util/result.ts";
import { importSealingKey, KEY_BYTES, open, seal } from "./crypto.ts";

const FORMAT = "mcp-plugin-server.backup";
const SALT_BYTES = 16;
const MAX_HEADER_CHARS = 1_000;
/** 128 MiB and about a second for each guess at the passphrase. */
const COST = { N: 2 ** 17, r: 8, p: 1 };

export type BackupCost = typeof COST;

/** Whoever hands over a backup chooses what reading it costs, so that is bounded: 256 MiB. */
const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  createdAt: z.int().nonnegative(),
  kdf: z.strictObject({
    name: z.literal("scrypt"),
    N: z.literal([2 ** 14, 2 ** 15, 2 ** 16, 2 ** 17, 2 ** 18]),
    r: z.literal(8),
    p: z.int().min(1).max(4),
    salt: z.string().length(22),
  }),
  cipher: z.literal("AES-256-GCM"),
});

/**
 * One line that says how it is sealed, in JSON, and one with what is sealed, in base64url. The first is authenticated with
 * the second.
 */
export async function sealBackup(
  content: Uint8Array,
  passphrase: Uint8Array,
  { now, cost = COST }: { readonly now: number; readonly cost?: BackupCost },
): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const header = canonicalJson({
    format: FORMAT,
    version: 1,
    createdAt: now,
    kdf: { name: "scrypt", ...cost, salt: toBase64Url(salt) },
    cipher: "AES-256-GCM",
  });
  const key = await deriveKey(passphrase, salt, cost);
  return `${header}\n${toBase64Url(await seal(key, content, utf8(header)))}\n`;
}

/** What was sealed, for the caller to zero. */
export async function openBackup(
  text: string,
  passphrase: Uint8Array,
): Promise<Result<Uint8Array<ArrayBuffer>, "malformed" | "wrong-passphrase-or-changed">> {
  const end = text.slice(0, MAX_HEADER_CHARS).indexOf("\n");
  if (end < 0) return refuse("malformed");
  const header = text.slice(0, end);
  const parsed = headerSchema.safeParse(parseJson(header));
  const sealed = fromBase64Url(text.slice(end + 1).trimEnd());
  if (!parsed.success || sealed === null) return refuse("malformed");
  const { salt, N, r, p } = parsed.data.kdf;
  const saltBytes = fromBase64Url(salt);
  if (saltBytes === null || canonicalJson(parsed.data) !== header) return refuse("malformed");
  const key = await deriveKey(passphrase, saltBytes, { N, r, p });
  const content = await open(key, sealed, utf8(header));
  return content === null ? refuse("wrong-passphrase-or-changed") : ok(content);
}

async function deriveKey(
  passphrase: Uint8Array,
  salt: Uint8Array,
  cost: BackupCost,
): Promise<CryptoKey> {
  return importSealingKey(await scryptAsync(passphrase, salt, { ...cost, dkLen: KEY_BYTES }));
}
