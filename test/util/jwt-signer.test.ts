import { generateKeyPairSync, createSecretKey, type KeyObject } from "node:crypto";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import type { JwtAlgorithm } from "../../src/types/auth.ts";
import { utf8 } from "../../src/util/bytes.ts";
import { signJwt } from "../../src/util/jwt-signer.ts";
import { canary } from "../helpers/canary.ts";
import { ecKey, edKey, rsaKey } from "../helpers/keys.ts";

const NOW_S = Math.floor(Date.now() / 1_000);
const CLAIMS = { iss: "robot", iat: NOW_S, exp: NOW_S + 60, jti: "1" };
const SECRET = canary("a shared secret of enough length!");

const sign = (algorithm: JwtAlgorithm, key: string, kid: string | null = null) =>
  signJwt({ algorithm, claims: CLAIMS, kid, key: "private_key" }, utf8(key));

const RSA = rsaKey();
const EC = ecKey();
const ED = edKey();
const escaped = { pem: RSA.pem.replaceAll("\n", "\\n"), publicKey: RSA.publicKey };
const windows = { pem: `comment\r\n${EC.pem.replaceAll("\n", "\r\n")}`, publicKey: EC.publicKey };

describe("a token", () => {
  it.each([
    ["RS256", "an RSA key", RSA.pem, RSA.publicKey],
    ["ES256", "an EC key", EC.pem, EC.publicKey],
    ["EdDSA", "an Ed25519 key", ED.pem, ED.publicKey],
    ["HS256", "a secret", SECRET, createSecretKey(Buffer.from(SECRET))],
    ["RS256", "a key whose lines end as in JSON", escaped.pem, escaped.publicKey],
    ["ES256", "a key whose lines end as on Windows", windows.pem, windows.publicKey],
  ] as [JwtAlgorithm, string, string, KeyObject][])(
    "is signed by %s with %s",
    async (algorithm, _what, pem, key) => {
      const verified = await jwtVerify(await sign(algorithm, pem, "k1"), key, {
        algorithms: [algorithm],
      });
      expect(verified.payload).toEqual(CLAIMS);
      expect(verified.protectedHeader).toEqual({ alg: algorithm, typ: "JWT", kid: "k1" });
    },
  );
});

describe("a key that does not fit is refused, without a word of it", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const encrypted = privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" })
    .toString();
  const PKCS8 = /The key must be an unencrypted PKCS#8 key in PEM .*openssl pkcs8/;
  const damaged = RSA.pem.replace(/\n.{20}/, "\nMIIAAAAAAAAAAAAAAAAA");
  it.each([
    ["RS256", "an EC key", EC.pem, /RS256 needs an RSA key of at least 2048 bits/],
    ["RS256", "a short RSA key", rsaKey(1024).pem, /RS256 needs an RSA key of at least 2048 bits/],
    ["ES256", "an RSA key", RSA.pem, /ES256 needs an EC key on the curve P-256/],
    ["ES256", "a key on P-384", ecKey("P-384").pem, /ES256 needs an EC key on the curve P-256/],
    ["EdDSA", "an EC key", EC.pem, /EdDSA needs an Ed25519 key/],
    ["HS256", "a PEM", RSA.pem, /HS256 needs a secret of at least 32 bytes that is no PEM/],
    [
      "HS256",
      "the public key in PEM",
      RSA.publicKey.export({ type: "spki", format: "pem" }).toString(),
      /HS256 needs a secret/,
    ],
    ["HS256", "a short secret", "x".repeat(31), /HS256 needs a secret of at least 32 bytes/],
    ["RS256", "a text", "hunter2-hunter2-hunter2-hunter2-hunter2", /RS256 needs an RSA key/],
    ["RS256", "a PKCS#1 key", pkcs1, PKCS8],
    ["RS256", "an encrypted key", encrypted, PKCS8],
    [
      "RS256",
      "a public key",
      RSA.publicKey.export({ type: "spki", format: "pem" }).toString(),
      PKCS8,
    ],
    ["RS256", "half a key", RSA.pem.slice(0, 400), PKCS8],
    ["RS256", "a key with other characters", RSA.pem.replace(/\n.{4}/, "\n~~~~"), PKCS8],
    ["RS256", "a damaged key", damaged, /RS256 needs an RSA key/],
    [
      "RS256",
      "an empty key",
      "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
      /RS256 needs an RSA key/,
    ],
  ] as [JwtAlgorithm, string, string, RegExp][])(
    "%s, given %s",
    async (algorithm, _what, key, reason) => {
      const refused = await sign(algorithm, key).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: "CREDENTIAL_INVALID",
        message: expect.stringMatching(reason),
      });
      expect((refused as Error).cause).toBeUndefined();
    },
  );
});
