import { describe, expect, it } from "vitest";
import type { Vault } from "../../../src/index.ts";
import { codesOf, createVaultPlace, openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";
import { createFrozenTime, createImpatientTime, withMoment } from "../../helpers/vault-faults.ts";

const work = { actor: TEST_ACTOR };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);

describe("two processes with one store", () => {
  it("see each other's writes and deletions at once", async () => {
    const place = createVaultPlace();
    const [a, b] = [await openTestVault(place), await openTestVault(place)];
    await of(a.vault).storeCredential("one", "key", "of a");
    expect(await of(b.vault).retrieveCredential("one", "key")).toBe("of a");
    await of(b.vault).storeCredential("one", "key", "of b");
    expect(await of(a.vault).retrieveCredential("one", "key")).toBe("of b");
    await of(a.vault).deleteCredential("one", "key");
    expect(await of(b.vault).useCredential("one", "key", () => 1)).toBeNull();
  });

  it("lose no write when both write the same instance", async () => {
    const place = createVaultPlace();
    const a = (await openTestVault(place)).vault;
    const b = (await openTestVault(place)).vault;
    const names = Array.from({ length: 20 }, (_, index) => `key${index}`);
    const writes = [a, b].flatMap((vault, process) => [
      ...names.map((name) => of(vault).storeCredential("one", `${name}-${process}`, name)),
      ...names.map((name) => of(vault).storeCredential("one", "both", `${name} of ${process}`)),
    ]);
    await Promise.all(writes);
    expect(await of(a).listCredentials("one")).toHaveLength(41);
    const last = await of(a).retrieveCredential("one", "both");
    expect(last).toMatch(/^key19 of [01]$/);
    expect(await of(b).retrieveCredential("one", "both")).toBe(last);
    expect(await a.verify(work)).toEqual({ checked: 41, faults: [] });
  });

  it("may begin a vault together", async () => {
    let points = 0;
    for (let at = 1; ; at++) {
      const place = createVaultPlace();
      const happened = Promise.withResolvers<void>();
      const first = withMoment(place, at, async () => {
        const { vault } = await openTestVault(place);
        await of(vault).storeCredential("one", "other", "of the other");
        happened.resolve();
      });
      first.arm();
      const { vault } = await openTestVault(first);
      await of(vault).storeCredential("two", "key", "of the first");
      if (!first.fired()) break;
      // The last operations come after the write has ended for its caller.
      await happened.promise;
      points++;
      const { vault: third } = await openTestVault(place);
      expect(await of(third).retrieveCredential("one", "other")).toBe("of the other");
      expect(await of(third).retrieveCredential("two", "key")).toBe("of the first");
      expect(await vault.verify(work)).toEqual({ checked: 2, faults: [] });
    }
    expect(points).toBeGreaterThan(12);
  });

  it.each<[string, (vault: Vault) => Promise<unknown>]>([
    ["a write", (vault) => of(vault).storeCredential("one", "more", "more")],
    ["a rotation of data keys", (vault) => vault.rotateDataKeys(work)],
    ["a rotation of the master key", (vault) => vault.rotateMasterKey(work)],
    ["a verification", (vault) => vault.verify(work)],
  ])(
    "lose nothing that the other one writes at any moment of %s",
    async (_what, run) => {
      let points = 0;
      for (let at = 1; ; at++) {
        const place = createVaultPlace();
        const other = (await openTestVault(place)).vault;
        await of(other).storeCredential("one", "key", "first");
        await of(other).storeCredential("one", "more", "more");
        const happened = Promise.withResolvers<{ writing: Promise<void> }>();
        const moment = withMoment(place, at, async () => {
          // That one waits for the lease, which the process that is held up here may have; this one does not.
          const writing = of(other).storeCredential("one", "key", "second");
          await of(other).storeCredential("two", "key", "in a new instance");
          happened.resolve({ writing });
        });
        const { vault } = await openTestVault(moment);
        moment.arm();
        await run(vault);
        if (!moment.fired()) break;
        await (
          await happened.promise
        ).writing;
        points++;
        for (const each of [vault, other, (await openTestVault(place)).vault]) {
          expect(await of(each).retrieveCredential("one", "key"), `${at}`).toBe("second");
          expect(await of(each).retrieveCredential("one", "more")).toBe("more");
          expect(await of(each).retrieveCredential("two", "key")).toBe("in a new instance");
          expect(await each.verify(work)).toEqual({ checked: 3, faults: [] });
        }
        expect((await other.status()).masterRotationPending).toBe(false);
      }
      expect(points).toBeGreaterThan(3);
    },
    60_000,
  );

  it("keep a writer that was held up from writing over what came after it", async () => {
    const place = createVaultPlace();
    const other = (await openTestVault(place)).vault;
    await of(other).storeCredential("one", "key", "first");
    const { vault } = await openTestVault(place);
    const reached = Promise.withResolvers<void>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const write = place.driver.write.bind(place.driver);
    place.driver.write = async (...args) => {
      place.driver.write = write;
      reached.resolve();
      await promise;
      return write(...args);
    };
    const slow = of(vault).storeCredential("one", "key", "slow");
    await reached.promise;
    const quick = of(other).storeCredential("one", "key", "quick");
    await new Promise((wait) => setTimeout(wait, 100));
    resolve();
    await Promise.all([slow, quick]);
    for (const each of [vault, other]) {
      expect(await of(each).retrieveCredential("one", "key")).toBe("quick");
    }
  });

  /** A write of the credential `key` by a process that freezes, and that lands after the other has stored something. */
  async function landLate(stored: string) {
    const place = createVaultPlace();
    const other = (await openTestVault({ ...place, time: createImpatientTime() })).vault;
    await of(other).storeCredential("one", "key", "first");
    const frozen = createFrozenTime();
    const reached = Promise.withResolvers<void>();
    const lands = Promise.withResolvers<void>();
    const { vault } = await openTestVault({
      ...place,
      time: frozen,
      driver: {
        ...place.driver,
        async write(...args) {
          reached.resolve();
          await lands.promise;
          return place.driver.write(...args);
        },
      },
    });
    const late = of(vault).storeCredential("one", "key", "late");
    await reached.promise;
    await of(other).storeCredential("one", stored, "committed");
    frozen.thaw();
    lands.resolve();
    expect(await codesOf([late])).toEqual(["VAULT_UNAVAILABLE"]);
    return { vault, other };
  }

  it("see that a record is not the committed one, when a frozen process has put its own there", async () => {
    const { vault, other } = await landLate("key");
    const reason = "not-the-committed-record";
    const fault = { owner: "shared", instanceId: "one", name: "key", reason };
    expect((await other.verify(work)).faults).toEqual([fault]);
    for (const each of [vault, other]) {
      await expect(of(each).retrieveCredential("one", "key")).rejects.toMatchObject({
        code: "CREDENTIAL_UNREADABLE",
        cause: { message: reason },
      });
    }
    await of(other).storeCredential("one", "key", "again");
    expect(await of(vault).retrieveCredential("one", "key")).toBe("again");
    expect((await other.verify(work)).faults).toEqual([]);
  });

  it("may find what a frozen process wrote in the place of what was there before, as of any write that failed", async () => {
    const { vault, other } = await landLate("another");
    expect((await other.verify(work)).faults).toEqual([]);
    for (const each of [vault, other]) {
      expect(await of(each).retrieveCredential("one", "key")).toBe("late");
      expect(await of(each).retrieveCredential("one", "another")).toBe("committed");
    }
  });
});
