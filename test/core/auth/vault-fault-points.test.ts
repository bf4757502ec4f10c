import { describe, expect, it } from "vitest";
import type { Vault } from "../../../src/index.ts";
import {
  createVaultPlace,
  openTestVault,
  TEST_ACTOR,
  type TestVault,
  type VaultPlace,
} from "../../helpers/vault.ts";
import { createImpatientTime, FAULT_KINDS, withFault } from "../../helpers/vault-faults.ts";

const OWNERS = ["shared", "client:a"] as const;
const work = { actor: TEST_ACTOR };

const open = (place: Partial<VaultPlace>) =>
  openTestVault({ ...place, time: createImpatientTime() });

/** Two credentials in each of two instances. */
async function openFilled(): Promise<TestVault> {
  const opened = await open({});
  for (const instance of ["one", "two"]) {
    for (const owner of OWNERS) {
      await opened.vault
        .for(owner, TEST_ACTOR)
        .storeCredential(instance, "key", `${instance} of ${owner}`);
    }
  }
  return opened;
}

/** All values, by instance and owner; `null` for one that is not there. */
async function readAll(vault: Vault): Promise<Record<string, string | null>> {
  const values: Record<string, string | null> = {};
  for (const instance of ["one", "two"]) {
    for (const owner of OWNERS) {
      const own = vault.for(owner, TEST_ACTOR);
      const found = await own.useCredential(instance, "key", (secret) =>
        new TextDecoder().decode(secret),
      );
      values[`${instance} of ${owner}`] = found?.value ?? null;
    }
  }
  return values;
}

const ALL = {
  "one of shared": "one of shared",
  "one of client:a": "one of client:a",
  "two of shared": "two of shared",
  "two of client:a": "two of client:a",
};

const attempts = {
  write: {
    run: (vault: Vault) =>
      vault.for("shared", TEST_ACTOR).storeCredential("one", "key", "new value"),
    maybe: { "one of shared": "new value" },
    after: { ...ALL, "one of shared": "new value" },
  },
  delete: {
    run: (vault: Vault) => vault.for("shared", TEST_ACTOR).deleteCredential("one", "key"),
    maybe: { "one of shared": null },
    after: { ...ALL, "one of shared": null },
  },
  "rotation of data keys": {
    run: (vault: Vault) => vault.rotateDataKeys(work),
    maybe: {},
    after: ALL,
  },
  "rotation of the master key": {
    run: (vault: Vault) => vault.rotateMasterKey(work),
    maybe: {},
    after: ALL,
  },
};

describe.each(Object.entries(attempts))("a %s", (_name, { run, maybe, after }) => {
  it.each(FAULT_KINDS)(
    "that %s at any operation loses nothing and can be repeated",
    async (kind) => {
      let points = 0;
      for (let at = 1; ; at++) {
        const { place } = await openFilled();
        const faulty = withFault(place, at, kind);
        const { vault } = await open(faulty);
        faulty.arm();
        const outcome = await run(vault).then(
          () => "ended",
          () => "failed",
        );
        if (!faulty.fired()) break;
        points++;

        const label = `${kind} at operation ${at}: ${outcome}`;
        const again = await open(place);
        const values = await readAll(again.vault);
        const fine: unknown[] = outcome === "ended" ? [after] : [ALL, { ...ALL, ...maybe }];
        expect(fine, `after ${label}`).toContainEqual(values);

        await run(again.vault);
        expect(await readAll(again.vault), `after ${label}`).toEqual(after);
        expect((await again.vault.verify(work)).faults, `after ${label}`).toEqual([]);
        await again.vault.rotateDataKeys(work);
        const status = await again.vault.status();
        expect(status.masterRotationPending, `after ${label}`).toBe(false);
        expect(status.instances.map(({ pending }) => pending)).toEqual([0, 0]);
        const keys = await place.store.dataKeys();
        expect(keys.map(({ state }) => state)).toEqual(Array(4).fill("active"));
        expect(new Set(keys.map(({ masterKeyId }) => masterKeyId))).toEqual(
          new Set([status.masterKeyId]),
        );
        await again.close();
        expect(await readAll((await open(place)).vault), `after ${label}`).toEqual(after);
      }
      expect(points).toBeGreaterThan(4);
    },
    60_000,
  );
});

describe("the first opening", () => {
  it.each(FAULT_KINDS)("that %s at any operation can be repeated", async (kind) => {
    let points = 0;
    for (let at = 1; ; at++) {
      const place = createVaultPlace();
      const faulty = withFault(place, at, kind);
      faulty.arm();
      await open(faulty).catch(() => undefined);
      if (!faulty.fired()) break;
      points++;
      const { vault } = await open(place);
      await vault.for("shared", TEST_ACTOR).storeCredential("one", "key", "value");
      expect((await place.store.dataKeys()).map(({ instanceId }) => instanceId).toSorted()).toEqual(
        ["$audit", "$ledger", "one"],
      );
    }
    expect(points).toBeGreaterThan(6);
  });
});
