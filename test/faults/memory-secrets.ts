import { generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { encodingsOf, type Encoded } from "../helpers/encodings.ts";

/** Long enough to be nowhere by chance, and short enough to be left of what was freed and partly overwritten. */
const SAMPLE = 16;

/** The credentials that a child uses, in the order in which it reads them. */
export const MEMORY_SECRETS = ["token", "HS256", "RS256", "ES256"] as const;
export type MemorySecretName = (typeof MEMORY_SECRETS)[number];

export interface MemorySecret {
  readonly name: MemorySecretName;
  readonly bytes: Buffer;
  /** What is looked for: parts of it in every form. */
  readonly traces: readonly Encoded[];
}

/** New ones for each run. */
export function makeMemorySecrets(): readonly MemorySecret[] {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return [
    randomText("token"),
    randomText("HS256"),
    privateKey("RS256", rsa, ["d", "p", "q"], 10),
    // Only two of its lines hold the private number.
    privateKey("ES256", ec, ["d"], 2),
  ];
}

function randomText(name: MemorySecretName): MemorySecret {
  const bytes = Buffer.from(randomBytes(48).toString("base64"));
  // What was freed begins with the allocator's own numbers, so the beginning would not be found.
  const parts = [bytes.subarray(24, 24 + SAMPLE), bytes.subarray(-SAMPLE)];
  return { name, bytes, traces: parts.flatMap(encodingsOf) };
}

/** @param line one that is of the private part alone, from 1 */
function privateKey(
  name: MemorySecretName,
  key: KeyObject,
  numbers: readonly ("d" | "p" | "q")[],
  line: number,
): MemorySecret {
  const jwk = key.export({ format: "jwk" });
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  const lineText = Buffer.from(pem.split("\n")[line]!).subarray(0, SAMPLE);
  const numberTraces = numbers.flatMap((number): Encoded[] => {
    const bytes = Buffer.from(jwk[number]!, "base64url");
    const sample = (from: Buffer) => from.subarray(SAMPLE / 2, SAMPLE / 2 + SAMPLE);
    return [
      { form: `${number} as in DER`, bytes: sample(bytes) },
      // As OpenSSL computes with it.
      { form: `${number} backwards`, bytes: sample(Buffer.from(bytes.toReversed())) },
    ];
  });
  return { name, bytes: Buffer.from(pem), traces: [...encodingsOf(lineText), ...numberTraces] };
}
