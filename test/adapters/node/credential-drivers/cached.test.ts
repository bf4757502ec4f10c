import { describe, expect, it } from "vitest";
import { withCache } from "../../../../adapters/node/credential-drivers/cached.ts";
import type { CredentialDriver, CredentialId } from "../../../../src/index.ts";
import { credentialDriverContract } from "../../../contract/credential-driver.ts";
import { createFakeTime } from "../../../helpers/fake-time.ts";
import { ID, idOf, textOf } from "./sealed.ts";

interface Store extends CredentialDriver {
  /** What was asked of it. */
  readonly calls: string[];
  readonly records: Map<string, string>;
  /** Lets nothing be answered until it is called. */
  hold(): () => void;
  fails: boolean;
}

const keyOf = ({ owner, instanceId, name }: CredentialId) => `${instanceId}/${owner}/${name}`;

function createStore(): Store {
  let gate = Promise.resolve();
  const store: Store = {
    kind: "aws",
    calls: [],
    records: new Map(),
    fails: false,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async read(id, fresh) {
      store.calls.push(fresh ? "fresh" : "read");
      const seen = store.records.get(keyOf(id)) ?? null;
      await gate;
      if (store.fails) throw new Error("down");
      return seen;
    },
    async write(id, sealed) {
      store.calls.push("write");
      if (store.fails) throw new Error("down");
      store.records.set(keyOf(id), sealed);
    },
    async remove(id) {
      store.calls.push("remove");
      store.records.delete(keyOf(id));
    },
    async close() {
      store.calls.push("close");
    },
  };
  return store;
}

function open(maxChars?: number) {
  const store = createStore();
  const time = createFakeTime();
  const limit = maxChars === undefined ? {} : { maxChars };
  return { store, time, driver: withCache(store, { time, maxAgeMs: 60_000, ...limit }) };
}

credentialDriverContract("a driver with a cache", {
  persistent: false,
  open: async () => {
    const { driver } = open();
    return { driver, reopen: () => Promise.reject(new Error("not persistent")) };
  },
});

describe("a driver with a cache", () => {
  it("asks for a record once a minute", async () => {
    const { store, time, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    expect(await driver.read(ID)).toBe(textOf("one"));
    store.records.set(keyOf(ID), textOf("two"));
    await time.advance(59_999);
    expect(await driver.read(ID)).toBe(textOf("one"));
    await time.advance(1);
    expect(await driver.read(ID)).toBe(textOf("two"));
    expect(store.calls).toEqual(["read", "read"]);
  });

  it("counts the age from when the store was asked, not from when it answered", async () => {
    const { store, time, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    const release = store.hold();
    const slow = driver.read(ID);
    await time.advance(59_000);
    release();
    await slow;
    await time.advance(1_000);
    await driver.read(ID);
    expect(store.calls).toEqual(["read", "read"]);
  });

  it("asks the store itself when told to, and remembers that answer", async () => {
    const { store, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    await driver.read(ID);
    store.records.set(keyOf(ID), textOf("two"));
    expect(await driver.read(ID, true)).toBe(textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
    expect(store.calls).toEqual(["read", "fresh"]);
  });

  it("does not remember that nothing is there, nor that the store failed", async () => {
    const { store, driver } = open();
    expect(await driver.read(ID)).toBeNull();
    store.fails = true;
    await expect(driver.read(ID)).rejects.toThrow("down");
    store.fails = false;
    store.records.set(keyOf(ID), textOf("one"));
    expect(await driver.read(ID)).toBe(textOf("one"));
  });

  it("forgets a record that is not there any more", async () => {
    const { store, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    await driver.read(ID);
    store.records.clear();
    expect(await driver.read(ID, true)).toBeNull();
    expect(await driver.read(ID)).toBeNull();
  });

  it("asks once for all who read a record at the same time", async () => {
    const { store, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    const release = store.hold();
    const reads = Array.from({ length: 50 }, () => driver.read(ID));
    release();
    expect(new Set(await Promise.all(reads))).toEqual(new Set([textOf("one")]));
    expect(store.calls).toEqual(["read"]);
  });

  it.each([
    ["written", (driver: CredentialDriver) => driver.write(ID, textOf("two")), textOf("two")],
    ["removed", (driver: CredentialDriver) => driver.remove(ID), null],
  ])(
    "does not answer with what a slow read saw before the record was %s",
    async (_, change, now) => {
      const { store, driver } = open();
      store.records.set(keyOf(ID), textOf("one"));
      const release = store.hold();
      const slow = driver.read(ID);
      await change(driver);
      release();
      expect(await slow).toBe(textOf("one"));
      expect(await driver.read(ID)).toBe(now);
    },
  );

  it("does not let an older answer take the place of a newer one", async () => {
    const { store, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    const release = store.hold();
    const slow = driver.read(ID);
    store.hold()();
    store.records.set(keyOf(ID), textOf("two"));
    expect(await driver.read(ID, true)).toBe(textOf("two"));
    release();
    await slow;
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("forgets a record whose writing failed: it may be there, or not", async () => {
    const { store, driver } = open();
    store.records.set(keyOf(ID), textOf("one"));
    await driver.read(ID);
    store.fails = true;
    await expect(driver.write(ID, textOf("two"))).rejects.toThrow("down");
    store.fails = false;
    store.records.set(keyOf(ID), textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("keeps no more than its share of memory, and forgets the oldest first", async () => {
    const { store, driver } = open(250);
    const ids = ["a", "b", "c"].map((name) => idOf(name));
    for (const id of ids) store.records.set(keyOf(id), textOf(id.name, 100));
    for (const id of ids) await driver.read(id);
    store.calls.length = 0;
    await driver.read(ids[2]!);
    await driver.read(ids[1]!);
    expect(store.calls).toEqual([]);
    await driver.read(ids[0]!);
    expect(store.calls).toEqual(["read"]);
  });

  it("closes its driver", async () => {
    const { store, driver } = open();
    await driver.close?.();
    expect(store.calls).toEqual(["close"]);
  });
});
