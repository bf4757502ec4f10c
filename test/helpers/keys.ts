import { generateKeyPairSync, type KeyObject } from "node:crypto";

/** A key pair for a token's signature: the private key as a person would store it, and what checks. */
export interface TestKey {
  readonly pem: string;
  readonly publicKey: KeyObject;
}

const PKCS8 = { type: "pkcs8", format: "pem" } as const;

export function rsaKey(modulusLength = 2048): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
  return { pem: privateKey.export(PKCS8).toString(), publicKey };
}

export function ecKey(namedCurve = "P-256"): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  return { pem: privateKey.export(PKCS8).toString(), publicKey };
}

export function edKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { pem: privateKey.export(PKCS8).toString(), publicKey };
}
