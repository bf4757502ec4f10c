import { describe, expect, it } from "vitest";
import { WriteLeases } from "../../../src/core/auth/write-leases.ts";
import { createMemoryVaultStore } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { codesOf } from "../../helpers/vault.ts";

/** Two processes with one store and one clock. */
function makeTwo() {
  const store = createMemoryVaultStore();
  const time = createFakeTime();
  return { store, time, a: new WriteLeases(store, time), b: new WriteLeases(store, time) };
}

/** Holds it until it is told to end. */
function holding(leases: WriteLeases) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = leases.hold("one", async (lease) => {
    await promise;
    lease.assertHeld();
  });
  return { held, end: resolve };
}

describe("a lease", () => {
  it("is one process's at a time, and the next one's when it ends", async () => {
    const { time, a, b } = makeTwo();
    const order: string[] = [];
    const first = holding(a);
    await time.advance(0);
    const second = b.hold("one", async () => order.push("b"));
    await time.advance(10_000);
    expect(order).toEqual([]);
    order.push("a");
    first.end();
    await first.held;
    await time.advance(100);
    await second;
    expect(order).toEqual(["a", "b"]);
  });

  it("is of one name: others do not wait", async () => {
    const { time, a, b } = makeTwo();
    const first = holding(a);
    await time.advance(0);
    expect(await b.hold("two", async () => "at once")).toBe("at once");
    first.end();
    await first.held;
  });

  it("of a process that died is another's after two seconds", async () => {
    const { store, time, b } = makeTwo();
    const dead = new WriteLeases(
      { ...store, setValue: (name, value, expected) => store.setValue(name, value, expected) },
      { ...time, after: () => () => undefined },
    );
    void holding(dead);
    await time.advance(0);
    let isTaken = false;
    const taking = b.hold("one", async () => (isTaken = true));
    await time.advance(1_900);
    expect(isTaken).toBe(false);
    await time.advance(200);
    await taking;
    expect(isTaken).toBe(true);
  });

  it("counts from before the store is asked for it, however late the answer comes", async () => {
    const { store, time, b } = makeTwo();
    const answer = Promise.withResolvers<void>();
    const late = new WriteLeases(
      {
        ...store,
        async setValue(name, value, expected) {
          const isSet = await store.setValue(name, value, expected);
          await answer.promise;
          return isSet;
        },
      },
      time,
    );
    const first = late.hold("one", async (lease) => lease.assertHeld());
    await time.advance(0);
    const second = b.hold("one", async () => "taken");
    await time.advance(2_100);
    answer.resolve();
    expect(await codesOf([first])).toEqual(["VAULT_UNAVAILABLE"]);
    expect(await second).toBe("taken");
  });

  it("tells a process that hung that it may be another's by now", async () => {
    const { time, a } = makeTwo();
    const hung = new WriteLeases(createMemoryVaultStore(), {
      ...time,
      after: () => () => undefined,
    });
    const first = holding(hung);
    const alive = holding(a);
    await time.advance(1_500);
    first.end();
    alive.end();
    await expect(first.held).rejects.toMatchObject({ code: "VAULT_UNAVAILABLE" });
    await alive.held;
  });

  it("says whether somebody else has held it since", async () => {
    const { a, b } = makeTwo();
    const isUnbroken = (leases: WriteLeases) =>
      leases.hold("one", async (lease) => lease.isUnbroken);
    expect(await isUnbroken(a)).toBe(false);
    expect(await isUnbroken(a)).toBe(true);
    expect(await isUnbroken(b)).toBe(false);
    expect(await isUnbroken(a)).toBe(false);
    expect(await isUnbroken(a)).toBe(true);
  });

  it("is given up after half a minute of waiting", async () => {
    const { time, a, b } = makeTwo();
    const first = holding(a);
    await time.advance(0);
    const second = b.hold("one", async () => "never");
    const codes = codesOf([second]);
    await time.advance(31_000);
    expect(await codes).toEqual(["VAULT_UNAVAILABLE"]);
    first.end();
    await first.held;
  });

  it("ends, and can be had again, when the work fails", async () => {
    const { a, b } = makeTwo();
    await expect(
      a.hold("one", async () => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await b.hold("one", async () => 1)).toBe(1);
  });
});
