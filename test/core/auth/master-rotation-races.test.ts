import { describe, expect, it } from "vitest";
import { type MasterKeyProvider, type Vault } from "../../../src/index.ts";
import { createFrozenTime, createImpatientTime, withMoment } from "../../helpers/vault-faults.ts";
import {
  codesOf,
  createFixedMasterKeys,
  createUsedVaultPlace,
  openTestVault,
  TEST_ACTOR,
} from "../../helpers/vault.ts";

const work = { actor: TEST_ACTOR };
const of = (vault: Vault) => vault.for("shared", TEST_ACTOR);

describe("a rotation of the master key", () => {
  it("that another process ends while this one asks for its keys confuses nobody", async () => {
    const { vault, place } = await openTestVault();
    await of(vault).storeCredential("one", "key", "value");
    const other = (await openTestVault(place)).vault;
    let isArmed = false;
    const masterKeys: MasterKeyProvider = {
      ...place.masterKeys,
      async others() {
        const keys = await place.masterKeys.others();
        if (isArmed) {
          isArmed = false;
          await other.rotateMasterKey(work);
        }
        return keys;
      },
      async current() {
        const key = await place.masterKeys.current();
        if (isArmed) {
          isArmed = false;
          await other.rotateMasterKey(work);
        }
        return key;
      },
    };
    const third = await openTestVault({ ...place, masterKeys });
    for (let round = 0; round < 3; round++) {
      isArmed = true;
      expect((await third.vault.status()).masterRotationPending).toBe(false);
      expect(isArmed).toBe(false);
    }
    expect(await of(third.vault).retrieveCredential("one", "key")).toBe("value");
  });

  it("by a process that froze at any step does no harm when it goes on after others", async () => {
    let points = 0;
    for (let at = 1; ; at++) {
      const place = await createUsedVaultPlace();
      const frozen = createFrozenTime();
      const moment = withMoment(place, at, async () => {
        const other = await openTestVault({ ...place, time: createImpatientTime() });
        await other.vault.rotateMasterKey(work);
        await other.vault.rotateMasterKey(work);
        // And a third one, which is interrupted when it has made its key.
        await place.masterKeys.rotation.prepare();
        frozen.thaw();
      });
      const { vault } = await openTestVault({ ...moment, time: frozen });
      moment.arm();
      const codes = await codesOf([vault.rotateMasterKey(work)]);
      if (!moment.fired()) break;
      points++;
      const reader = (await openTestVault({ ...place, time: createImpatientTime() })).vault;
      const status = await reader.status();
      // The key in force is the one that a start without any other key needs.
      const alone = createFixedMasterKeys(place.masterKeys.held.current);
      const last = await openTestVault({ ...place, masterKeys: alone });
      const found = {
        value: await of(reader).retrieveCredential("one", "key"),
        isPending: status.masterRotationPending,
        keyId: (await last.vault.status()).masterKeyId,
      };
      await reader.rotateMasterKey(work);
      const { faults } = await reader.verify(work);
      expect({ at, codes, ...found, faults }).toEqual({
        at,
        codes,
        value: "value",
        isPending: false,
        keyId: status.masterKeyId,
        faults: [],
      });
    }
    expect(points).toBeGreaterThan(15);
  }, 60_000);
});
