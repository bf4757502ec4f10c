import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { importSealingKey, IV_BYTES, randomKey } from "../../src/core/auth/crypto.ts";
import { openRecord, parseRecord, sealRecord } from "../../src/core/auth/sealed-record.ts";
import type { CredentialId } from "../../src/index.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";

const ID: CredentialId = { owner: "user:issuer:a", instanceId: "weather", name: "apiKey" };
const RECORDS = scaled(3, 100);
const IVS = scaled(100_000, 1_000_000);
const AT_ONCE = 500;

const totals = { flips: 0, truncations: 0, unparsed: 0, ivs: 0 };

/** What somebody reads who has the right key and a record that may be another. */
async function openText(text: string, keyId: string, key: CryptoKey): Promise<Uint8Array | null> {
  const parsed = parseRecord(text);
  if (!parsed.ok) {
    totals.unparsed++;
    return null;
  }
  // There is no other key: whoever has one by another name does not get so far.
  return parsed.value.keyId === keyId ? openRecord(ID, parsed.value, key) : null;
}

async function makeRecord() {
  const key = await importSealingKey(randomKey());
  const keyId = randomUUID();
  const sequence = randomInt(1, 2 ** 40);
  const secret = randomBytes(randomInt(1, 64));
  const text = await sealRecord(ID, { keyId, sequence, key }, secret);
  return { key, keyId, secret, text };
}

describe("sealed records", () => {
  it(
    "do not open with any single bit flipped, nor cut short anywhere",
    { timeout: FAULT_TIMEOUT },
    async () => {
      const wrong: string[] = [];
      for (let made = 0; made < RECORDS; made++) {
        const { key, keyId, secret, text } = await makeRecord();
        expect(Buffer.from((await openText(text, keyId, key))!)).toEqual(secret);
        const bytes = Buffer.from(text, "latin1");
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const flipped = Buffer.from(bytes);
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          const opened = await openText(flipped.toString("latin1"), keyId, key);
          if (opened !== null) wrong.push(`bit ${bit} of ${text} does not matter`);
          totals.flips++;
        }
        for (let length = 0; length < text.length; length++) {
          for (const part of [text.slice(0, length), text.slice(text.length - length)]) {
            if ((await openText(part, keyId, key)) !== null) wrong.push(`${part} opens`);
            totals.truncations++;
          }
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it.each([
    ["owner", { ...ID, owner: "user:issuer:b" }],
    ["instance", { ...ID, instanceId: "weather2" }],
    ["name", { ...ID, name: "apiKey2" }],
    [
      "owner, though it reads the same",
      { owner: "user:issuer", instanceId: "a:weather", name: "apiKey" },
    ],
  ] as const)("do not open as those of another %s by the same key", async (_what, other) => {
    const { key, text } = await makeRecord();
    const parsed = parseRecord(text);
    expect(parsed.ok).toBe(true);
    expect(parsed.ok && (await openRecord(ID, parsed.value, key))).toBeInstanceOf(Uint8Array);
    expect(parsed.ok && (await openRecord(other, parsed.value, key))).toBeNull();
  });

  it(
    `have not had the same IV in ${IVS} encryptions by one key`,
    { timeout: FAULT_TIMEOUT },
    async () => {
      const key = await importSealingKey(randomKey());
      const keyId = randomUUID();
      const secret = randomBytes(32);
      const seen = new Set<string>();
      for (let sequence = 1; sequence < IVS; sequence += AT_ONCE) {
        const texts = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) =>
            sealRecord(ID, { keyId, sequence: sequence + index, key }, secret),
          ),
        );
        for (const text of texts) {
          const parsed = parseRecord(text);
          if (!parsed.ok) throw new Error(text);
          seen.add(Buffer.from(parsed.value.sealed.subarray(0, IV_BYTES)).toString("latin1"));
          totals.ivs++;
        }
      }
      expect(seen.size).toBe(IVS);
    },
  );
});

afterAll(() => {
  reportFigure("codec: records", RECORDS);
  reportFigure("codec: single-bit flips refused", totals.flips);
  reportFigure("codec: truncations refused", totals.truncations);
  reportFigure("codec: of both, refused by their form alone", totals.unparsed);
  reportFigure("IVs without a repeat", totals.ivs);
});
