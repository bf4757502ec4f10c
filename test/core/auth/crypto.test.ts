import { describe, expect, it } from "vitest";
import {
  deriveBytes,
  importMacKey,
  importRootKey,
  importSealingKey,
  open,
  randomKey,
  seal,
} from "../../../src/core/auth/crypto.ts";
import { utf8 } from "../../../src/util/bytes.ts";

const BINDING = utf8("binding");

describe("sealing", () => {
  it("opens with the same key and binding alone", async () => {
    const key = await importSealingKey(randomKey());
    const sealed = await seal(key, utf8("secret"), BINDING);
    expect(await open(key, sealed, BINDING)).toEqual(utf8("secret"));
    expect(await open(key, sealed, utf8("bindinG"))).toBeNull();
    expect(await open(key, sealed, utf8(""))).toBeNull();
    expect(await open(await importSealingKey(randomKey()), sealed, BINDING)).toBeNull();
  });

  it.each([0, 1, 12, 27])("opens no text of %i bytes", async (length) => {
    const key = await importSealingKey(randomKey());
    expect(await open(key, new Uint8Array(length), BINDING)).toBeNull();
  });

  it("makes another text each time", async () => {
    const key = await importSealingKey(randomKey());
    const [a, b] = [await seal(key, utf8("s"), BINDING), await seal(key, utf8("s"), BINDING)];
    expect(a).not.toEqual(b);
    expect(a).toHaveLength(12 + 1 + 16);
  });
});

describe("a key", () => {
  it.each([0, 16, 24, 31, 33, 64])("does not have %i bytes", async (length) => {
    const bytes = new Uint8Array(length).fill(7);
    await expect(importSealingKey(bytes)).rejects.toThrow(RangeError);
    expect(bytes).toEqual(new Uint8Array(length));
  });

  it.each([importSealingKey, importMacKey, importRootKey])(
    "cannot be taken out again, and its bytes are zeroed: %o",
    async (importKey) => {
      const bytes = randomKey();
      const key = await importKey(bytes);
      expect(key.extractable).toBe(false);
      expect(bytes).toEqual(new Uint8Array(32));
    },
  );

  it("differs for each purpose that it is derived for", async () => {
    const root = await importRootKey(new Uint8Array(32).fill(1));
    const again = await importRootKey(new Uint8Array(32).fill(1));
    expect(await deriveBytes(root, "a", 16)).toEqual(await deriveBytes(again, "a", 16));
    expect(await deriveBytes(root, "a", 16)).not.toEqual(await deriveBytes(root, "b", 16));
  });
});
