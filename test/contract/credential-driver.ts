import { describe, expect, it } from "vitest";
import type { CredentialDriver, CredentialId, Owner } from "../../src/types/vault.ts";

/** A driver over a store of its own, and the way to come back to that store as another process would. */
export interface OpenedDriver {
  readonly driver: CredentialDriver;
  /** Closes the driver, and whatever it stands on, and opens the same store again. */
  readonly reopen: () => Promise<OpenedDriver>;
}

export interface DriverUnderTest {
  /** Opens an empty store. It goes when the test ends: `open` registers that itself (`onTestFinished`). */
  readonly open: () => Promise<OpenedDriver>;
  /** Whether what was written is there after `reopen`. */
  readonly persistent: boolean;
}

/** What the database, a file system or a cloud's store might take for the same name, or for a path. */
const NAMES = [
  "a",
  "A",
  "b",
  "ab",
  "aa",
  "a.",
  "a..",
  "a.b",
  "a-b",
  "a_b",
  "a--b",
  "apiKey",
  "apikey",
  "api.Key",
  "constructor",
  "con",
  "x".repeat(63),
  "x".repeat(64),
  "$a",
  "$A",
  `$${"x".repeat(64)}`,
];
const OWNERS: readonly Owner[] = [
  "shared",
  "client:a",
  "client:A",
  "client:a:b",
  "client:..",
  "client:shared",
  "user:a:b",
  "user:ab:",
  "user:a:B",
  "user:a:../../b",
  "user:a:b/c",
  "user:a:b%2Fc",
  "user:a:*",
  "user:a:%",
  "user:a:_",
  "user:a:' or '1'='1",
  "user:a:Zo\u00eb",
  "user:a:Zoe\u0308",
  "user:a:\u{1f511}",
  `user:${"h".repeat(43)}:${"s".repeat(254)}`,
  `user:${"h".repeat(43)}:${"s".repeat(255)}`,
];
const INSTANCES = ["a", "ab", "a-b", "a--b", "aux", "x".repeat(31), "x".repeat(32)];

const idOf = (name: string, owner: Owner = "shared", instanceId = "one"): CredentialId => ({
  owner,
  instanceId,
  name,
});

/** Looks like a sealed record; a driver must not care. */
const textOf = (mark: string, length = 200) => `v1.${mark}.`.padEnd(length, "Ab-_09");

/**
 * What every driver of the `CredentialDriver` port does, wherever it keeps the records. Faults of a store (down, full,
 * throttled) are each driver's own to test, as is whether the text of a removed record is gone.
 */
export function credentialDriverContract(
  kind: string,
  { open, persistent }: DriverUnderTest,
): void {
  describe(`credential driver contract: ${kind}`, () => {
    it("answers null for what was never written", async () => {
      const { driver } = await open();
      expect(await driver.read(idOf("a"))).toBeNull();
      expect(await driver.read(idOf("__proto__"))).toBeNull();
    });

    it("reads what was written, as it was last written", async () => {
      const { driver } = await open();
      await driver.write(idOf("a"), textOf("one"));
      expect(await driver.read(idOf("a"))).toBe(textOf("one"));
      await driver.write(idOf("a"), textOf("two", 90));
      expect(await driver.read(idOf("a"))).toBe(textOf("two", 90));
      await driver.write(idOf("a"), textOf("three", 400));
      expect(await driver.read(idOf("a"))).toBe(textOf("three", 400));
    });

    it("takes the same record twice", async () => {
      const { driver } = await open();
      await driver.write(idOf("a"), textOf("one"));
      await driver.write(idOf("a"), textOf("one"));
      expect(await driver.read(idOf("a"))).toBe(textOf("one"));
    });

    it("removes one record, takes that of none in good part, and has room for it again", async () => {
      const { driver } = await open();
      await driver.remove(idOf("a"));
      await driver.write(idOf("a"), textOf("one"));
      await driver.write(idOf("b"), textOf("two"));
      await driver.remove(idOf("a"));
      expect(await driver.read(idOf("a"))).toBeNull();
      await driver.remove(idOf("a"));
      expect(await driver.read(idOf("b"))).toBe(textOf("two"));
      await driver.write(idOf("a"), textOf("three"));
      expect(await driver.read(idOf("a"))).toBe(textOf("three"));
    });

    it.each([
      ["names", NAMES.map((name) => idOf(name))],
      ["owners", OWNERS.map((owner) => idOf("a", owner))],
      ["instances", INSTANCES.map((instanceId) => idOf("a", "shared", instanceId))],
      [
        "ids whose parts joined are alike",
        [
          idOf("bc", "shared", "a"),
          idOf("c", "shared", "ab"),
          idOf("b-c", "shared", "a"),
          idOf("c", "shared", "a-b"),
          idOf("b.c", "shared", "a"),
          idOf("c", "user:a:b", "a"),
          idOf("b", "user:a:c", "a"),
          idOf("b", "client:a", "c"),
          idOf("c", "client:a", "b"),
          idOf("shared", "client:one", "a"),
          idOf("one", "client:shared", "a"),
        ],
      ],
    ])("keeps %s apart that look alike", async (_what, ids) => {
      const { driver } = await open();
      for (const [index, id] of ids.entries()) {
        expect(await driver.read(id), `before it was written: ${JSON.stringify(id)}`).toBeNull();
        await driver.write(id, textOf(`number-${index}`));
      }
      expect(await Promise.all(ids.map((id) => driver.read(id)))).toEqual(
        ids.map((_, index) => textOf(`number-${index}`)),
      );
      await driver.remove(ids[0]!);
      expect(await Promise.all(ids.map((id) => driver.read(id)))).toEqual(
        ids.map((_, index) => (index === 0 ? null : textOf(`number-${index}`))),
      );
    });

    it("keeps a record of 96 KiB whole", async () => {
      const { driver } = await open();
      const large = textOf("large", 96 * 1024);
      await driver.write(idOf("a"), large);
      expect(await driver.read(idOf("a"))).toBe(large);
    });

    it("writes a hundred names at once", async () => {
      const { driver } = await open();
      const names = Array.from({ length: 100 }, (_, index) => `name${index}`);
      await Promise.all(names.map((name) => driver.write(idOf(name), textOf(name))));
      expect(await Promise.all(names.map((name) => driver.read(idOf(name))))).toEqual(
        names.map((name) => textOf(name)),
      );
    });

    it("has one of the records whole when one name is written many times at once", async () => {
      const { driver } = await open();
      await driver.write(idOf("a"), textOf("first"));
      const texts = Array.from({ length: 20 }, (_, index) =>
        textOf(`w${index}`, 100 + 997 * index),
      );
      const reads = texts.map(async (text) => {
        await driver.write(idOf("a"), text);
        return driver.read(idOf("a"));
      });
      for (const seen of await Promise.all(reads)) expect(texts).toContain(seen);
      expect(texts).toContain(await driver.read(idOf("a")));
    });

    it("lets those who read meanwhile see the old record or the new one, whole", async () => {
      const { driver } = await open();
      const texts = [textOf("old", 4_000), textOf("new", 70_000)];
      await driver.write(idOf("a"), texts[0]!);
      const progress = { writing: true };
      const writes = (async () => {
        for (let round = 0; round < 10; round++) await driver.write(idOf("a"), texts[round % 2]!);
        progress.writing = false;
      })();
      while (progress.writing) {
        expect(texts).toContain(await driver.read(idOf("a")));
        // A driver may answer without waiting for anything: the writes must get their turn.
        await new Promise((resolve) => setTimeout(resolve));
      }
      await writes;
    });

    it.runIf(persistent)(
      "has everything when it is opened again, and nothing that was removed",
      async () => {
        const opened = await open();
        await opened.driver.write(idOf("a"), textOf("one"));
        await opened.driver.write(idOf("a", "user:a:b"), textOf("two"));
        await opened.driver.write(idOf("b"), textOf("three"));
        await opened.driver.write(idOf("b"), textOf("four"));
        await opened.driver.write(idOf("c"), textOf("five"));
        await opened.driver.remove(idOf("c"));
        const { driver } = await opened.reopen();
        expect([
          await driver.read(idOf("a")),
          await driver.read(idOf("a", "user:a:b")),
          await driver.read(idOf("b")),
          await driver.read(idOf("c")),
        ]).toEqual([textOf("one"), textOf("two"), textOf("four"), null]);
      },
    );
  });
}
