import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
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
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048, ...PEM });
  const { privateKey: ec } = generateKeyPairSync("ec", { namedCurve: "P-256", ...PEM });
  return [
    randomText("token"),
    randomText("HS256"),
    privateKey("RS256", rsa, ["d", "p", "q"], 10),
    // Only two of its lines hold the private number.
    privateKey("ES256", ec, ["d"], 2),
  ];
}

const PEM = {
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
} as const;

function randomText(name: MemorySecretName): MemorySecret {
  const bytes = Buffer.from(randomBytes(48).toString("base64"));
  // What was freed begins with the allocator's own numbers, so the beginning would not be found.
  const parts = [bytes.subarray(24, 24 + SAMPLE), bytes.subarray(-SAMPLE)];
  return { name, bytes, traces: parts.flatMap(encodingsOf) };
}

/** @param line one that is of the private part alone, from 1 */
function privateKey(
  name: MemorySecretName,
  pem: string,
  numbers: readonly ("d" | "p" | "q")[],
  line: number,
): MemorySecret {
  const jwk = createPrivateKey(pem).export({ format: "jwk" });
  const lineText = Buffer.from(pem.split("\n")[line]!).subarray(0, SAMPLE);
  const numberTraces = numbers.flatMap((number): Encoded[] => {
    const bytes = Buffer.from(jwk[number]!, "base64url");
    const sample = (from: Buffer) => from.subarray(SAMPLE / 2, SAMPLE / 2 + SAMPLE);
    return [
      { form: `${number} as in DER`, bytes: sample(bytes) },
      // As OpenSSL computes with it.
      { form: `${number} backwards`, bytes: sample(Buffer.from(bytes).reverse()) },
    ];
  });
  return { name, bytes: Buffer.from(pem), traces: [...encodingsOf(lineText), ...numberTraces] };
}
