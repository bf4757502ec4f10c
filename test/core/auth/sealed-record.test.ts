import { describe, expect, it } from "vitest";
import { importSealingKey, randomIv, randomKey } from "../../../src/core/auth/crypto.ts";
import {
  openRecord,
  parseRecord,
  sealRecord,
  type SealedRecord,
} from "../../../src/core/auth/sealed-record.ts";
import type { CredentialId } from "../../../src/types/vault.ts";
import { toBase64Url, utf8 } from "../../../src/util/bytes.ts";

const ID: CredentialId = { owner: "client:a", instanceId: "weather", name: "apiKey" };
const KEY_ID = "0b54b7cc-6f0f-4a2e-9d2f-1df0a5d4a001";
const SECRET = utf8("sk-canary-0123456789");

const key = await importSealingKey(randomKey());

const sealedBy = (sequence = 7, secret = SECRET, id = ID) =>
  sealRecord(id, { keyId: KEY_ID, sequence, key }, secret);

/** What a reader gets that looks for this credential: its key by the record's key id, and nothing else. */
async function read(text: string, id = ID): Promise<Uint8Array | string> {
  const parsed = parseRecord(text);
  if (!parsed.ok) return parsed.reason;
  if (parsed.value.keyId !== KEY_ID) return "unknown-key";
  return (await openRecord(id, parsed.value, key)) ?? "not-authentic";
}

describe("a sealed record", () => {
  it("is text of one form, which says version, key and sequence", async () => {
    const text = await sealedBy();
    expect(text).toMatch(new RegExp(`^v1\\.${KEY_ID}\\.7\\.[A-Za-z0-9_-]{64}$`));
    expect(await read(text)).toEqual(SECRET);
  });

  it.each([1, 2, 3, 4, 1_000, 65_535, 65_536])("holds a secret of %i bytes", async (length) => {
    const secret = new Uint8Array(length).map((_, index) => index * 7);
    expect(await read(await sealedBy(1, secret))).toEqual(secret);
  });

  it("is refused beyond 64 KiB, and when empty", async () => {
    expect(await read(await sealedBy(1, new Uint8Array(65_537)))).toBe("malformed");
    expect(await read(await sealedBy(1, new Uint8Array(0)))).toBe("malformed");
  });

  it("gives nothing for any single bit that is flipped, in 100 records", async () => {
    let flips = 0;
    for (let round = 0; round < 100; round++) {
      const secret = crypto.getRandomValues(new Uint8Array(1 + (round % 20)));
      const text = await sealedBy(1 + round * 13, secret);
      const bytes = utf8(text);
      const answers = [...bytes].flatMap((_, at) =>
        Array.from({ length: 8 }, async (__, bit) => {
          const changed = bytes.slice();
          changed[at]! ^= 1 << bit;
          return read(String.fromCharCode(...changed));
        }),
      );
      for (const answer of await Promise.all(answers)) expect(typeof answer).toBe("string");
      flips += answers.length;
    }
    expect(flips).toBeGreaterThan(70_000);
  }, 60_000);

  it("gives nothing for any single bit that is flipped in what is sealed", async () => {
    for (let round = 0; round < 100; round++) {
      const parsed = parseRecord(await sealedBy(1 + round));
      const record = (parsed as { value: SealedRecord }).value;
      const answers = [...record.sealed].flatMap((_, at) =>
        Array.from({ length: 8 }, (__, bit) => {
          const sealed = record.sealed.slice();
          sealed[at]! ^= 1 << bit;
          return openRecord(ID, { ...record, sealed }, key);
        }),
      );
      expect(new Set(await Promise.all(answers))).toEqual(new Set([null]));
    }
  }, 60_000);

  it("gives nothing when it is cut short or made longer anywhere, in 100 records", async () => {
    for (let round = 0; round < 100; round++) {
      const text = await sealedBy(1 + round);
      const cuts = Array.from(text).flatMap((_, at) => [text.slice(0, at), text.slice(at + 1)]);
      const longer = [`${text}A`, `${text}AAAA`, `${text}.`, `${text}\n`, ` ${text}`, `${text}==`];
      for (const answer of await Promise.all([...cuts, ...longer].map((each) => read(each)))) {
        expect(typeof answer).toBe("string");
      }
    }
  }, 60_000);

  it.each<[string, Partial<CredentialId>]>([
    ["another owner", { owner: "shared" }],
    ["an owner that looks like it", { owner: "client:A" }],
    ["another instance", { instanceId: "weathe" }],
    ["another name", { name: "apikey" }],
    ["parts that join to the same", { instanceId: "weathera", name: "piKey" }],
  ])("does not open as that of %s", async (_what, other) => {
    expect(await read(await sealedBy(), { ...ID, ...other })).toBe("not-authentic");
  });

  it("does not open as of another sequence or key", async () => {
    const text = await sealedBy(7);
    expect(await read(text.replace(".7.", ".8."))).toBe("not-authentic");
    const other = KEY_ID.replace("0b54", "0b55");
    const parsed = parseRecord(text.replace(KEY_ID, other));
    expect(parsed.ok && (await openRecord(ID, parsed.value, key))).toBeNull();
  });

  it.each([
    ["unknown-version", (text: string) => text.replace("v1.", "v2.")],
    ["unknown-version", (text: string) => text.replace("v1.", "v10.")],
    ["unknown-version", (text: string) => text.replace("v1.", "V1.")],
    ["malformed", (text: string) => text.replace("v1.", "")],
    ["malformed", (text: string) => text.replace(".7.", ".07.")],
    ["malformed", (text: string) => text.replace(".7.", ".0.")],
    ["malformed", (text: string) => text.replace(".7.", ".-7.")],
    ["malformed", (text: string) => text.replace(".7.", ".7e0.")],
    ["malformed", (text: string) => text.replace(".7.", ".9007199254740992.")],
    ["malformed", (text: string) => text.replace(KEY_ID, KEY_ID.toUpperCase())],
    ["malformed", (text: string) => text.replaceAll("-", "")],
    ["malformed", (text: string) => `${text}=`],
    ["malformed", (text: string) => text.replace(/[^.]+$/, "")],
    ["malformed", (text: string) => text.replace(/[^.]+$/, toBase64Url(new Uint8Array(28)))],
    ["malformed", () => ""],
    ["malformed", () => "__proto__"],
    ["malformed", () => "x".repeat(200_000)],
  ])("is %s when it is not written just so (%#)", async (reason, change) => {
    expect(await read(change(await sealedBy()))).toBe(reason);
  });

  it("has another IV each time, a million times", async () => {
    const asNumber = (iv: Uint8Array) => {
      const view = new DataView(iv.buffer);
      return (view.getBigUint64(0) << 32n) | BigInt(view.getUint32(8));
    };
    const made = Array.from({ length: 1_000_000 }, () => asNumber(randomIv()));
    expect(new Set(made).size).toBe(1_000_000);
  }, 30_000);

  it("begins with that IV", async () => {
    const texts = await Promise.all(Array.from({ length: 10_000 }, () => sealedBy()));
    const ivs = texts.map((text) => text.split(".")[3]!.slice(0, 16));
    expect(new Set(ivs).size).toBe(10_000);
  }, 30_000);
});
