import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { KeyDirectory } from "../../../src/core/auth/key-directory.ts";
import { AppError, createKeyRepository, type KeyStore } from "../../../src/index.ts";
import { makeDatabase } from "../../helpers/database.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

const NEW = { kind: "client", name: "laptop", scopes: ["mcp"] } as const;

/** A directory whose hashing and reading can be held up, and whose store can fail. */
async function open() {
  const own = createKeyRepository(makeDatabase().db);
  const held = { hash: null as Promise<void> | null, list: null as Promise<void> | null };
  const failing = { readingsLeft: Number.POSITIVE_INFINITY, used: false };
  const store: KeyStore = {
    ...own,
    async list() {
      const keys = await own.list();
      const wait = held.list;
      held.list = null;
      await wait;
      if (failing.readingsLeft-- <= 0) throw new AppError("VAULT_UNAVAILABLE", "the disk is away");
      return keys;
    },
    async used(keys) {
      if (failing.used) throw new AppError("VAULT_UNAVAILABLE", "the disk is full");
      await own.used(keys);
    },
  };
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const deps = { given: [], time, logger };
  const slow: typeof sha256 = async (bytes) => {
    const wait = held.hash;
    const digest = await sha256(bytes);
    await wait;
    return digest;
  };
  const directory = await KeyDirectory.open({ ...deps, store, sha256: slow });
  const other = await KeyDirectory.open({ ...deps, store: own, sha256 });
  const made = await directory.create({
    ...NEW,
    access: { plugins: null, tools: null, readOnly: false },
  });
  return { directory, other, held, failing, time, logger, ...made };
}

describe("a key that ends while its secret is looked at", () => {
  it.each<[what: string, end: (own: KeyDirectory, key: { kind: "client"; id: string }) => unknown]>(
    [
      ["revoked", (own, key) => own.revoke(key)],
      ["narrowed", (own, key) => own.change(key, () => ({ scopes: [] }))],
      ["given another secret", (own, key) => own.rotate(key)],
    ],
  )("lets nobody in: %s", async (_, end) => {
    const { directory, other, held, key, secret, time } = await open();
    const gate = Promise.withResolvers<void>();
    held.hash = gate.promise;
    const asked = directory.authenticate(`Bearer ${secret}`);
    held.hash = null;
    // By another process, of which this one hears meanwhile.
    await end(other, { kind: "client", id: key.id });
    await time.advance(20_000);
    gate.resolve();
    expect(await asked).toBeNull();
  });
});

describe("what a key has opened", () => {
  it("ends with it, though the key is another one by the time that somebody asks for its life", async () => {
    const { directory, key, secret } = await open();
    const principal = (await directory.authenticate(`Bearer ${secret}`))!;
    await directory.change(key, () => ({ scopes: [] }));
    expect(directory.lifeOf(principal)?.aborted).toBe(true);
  });

  it("ends when the key expires, also while the store cannot be read", async () => {
    const { directory, failing, time, logger } = await open();
    const { secret } = await directory.create({ ...NEW, expiresAt: time.now() + 30_000 });
    const life = directory.lifeOf((await directory.authenticate(`Bearer ${secret}`))!)!;
    failing.readingsLeft = 0;
    await time.advance(60_000);
    expect(life.aborted).toBe(true);
    expect(logger.records.map(({ message }) => message)).toContain("Could not read the keys again");
  });
});

describe("what stands for a key in a session or a flow", () => {
  it("is known also after the keys have been read again, and stands for no later key", async () => {
    const { directory, key, secret } = await open();
    const principal = (await directory.authenticate(`Bearer ${secret}`))!;
    await directory.reload();
    const reference = directory.referenceOf(principal)!;
    expect(directory.principal(reference)?.id).toBe(key.id);
    await directory.rotate(key);
    expect(directory.referenceOf(principal)).toBe(reference);
    expect(directory.principal(reference)).toBeNull();
    expect(directory.referenceOf({ ...principal })).toBeNull();
  });
});

describe("a key that is revoked", () => {
  it("does not come back with an answer of the store from before", async () => {
    const { directory, held, key, secret } = await open();
    const late = Promise.withResolvers<void>();
    held.list = late.promise;
    const reading = directory.reload();
    await directory.revoke(key);
    late.resolve();
    await reading;
    expect(await directory.authenticate(`Bearer ${secret}`)).toBeNull();
  });

  it("lets nobody in, though the store cannot be read then", async () => {
    const { directory, failing, key, secret } = await open();
    // Enough to see that it is there.
    failing.readingsLeft = 1;
    await expect(directory.revoke(key)).rejects.toThrow("the disk is away");
    expect(await directory.authenticate(`Bearer ${secret}`)).toBeNull();
  });

  it("elsewhere is of no use here after twenty seconds, though uses cannot be noted", async () => {
    const { directory, other, failing, key, secret, time, logger } = await open();
    await directory.authenticate(`Bearer ${secret}`);
    failing.used = true;
    await other.revoke(key);
    await time.advance(20_000);
    expect(await directory.authenticate(`Bearer ${secret}`)).toBeNull();
    expect(logger.records.map(({ message }) => message)).toContain(
      "Could not note when keys were used",
    );
  });
});

describe("two changes at once", () => {
  const narrow = (access: object) => (key: { access?: object | null | undefined }) =>
    ({ access: { ...key.access, ...access } }) as never;

  it("are both made, in one process and in two", async () => {
    const { directory, other, key, time } = await open();
    await Promise.all([
      directory.change(key, narrow({ readOnly: true })),
      directory.change(key, narrow({ plugins: ["one"] })),
    ]);
    await other.change(key, narrow({ tools: ["one_echo"] }));
    await time.advance(20_000);
    expect(directory.find(key).access).toEqual({
      plugins: ["one"],
      tools: ["one_echo"],
      readOnly: true,
    });
  });
});
