import { describe, expect, it } from "vitest";
import { createStateSealer, type StateBinding } from "../../../src/core/request-state.ts";
import type { OpenedVault } from "../../../src/index.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { openTestVault, TEST_ACTOR } from "../../helpers/vault.ts";

const BINDING: StateBinding = {
  principalId: "client-1",
  method: "tools/call",
  target: "shop_buy",
  args: {},
};
const WORK = { actor: TEST_ACTOR };
const sealerOf = async ({ stateKey }: OpenedVault) =>
  createStateSealer(await stateKey(), createFakeTime());

describe("the vault's key for states of calls under way", () => {
  it("is the same whenever it is asked for, and each time the caller's own to zero", async () => {
    const vault = await openTestVault();
    const [first, second] = [await vault.stateKey(), await vault.stateKey()];
    expect(first).toHaveLength(32);
    expect(first).toEqual(second);
    first.fill(0);
    expect(second).not.toEqual(first);
    expect(await vault.stateKey()).toEqual(second);
  });

  it("opens a state after the master key was replaced, and after a restart", async () => {
    const before = await openTestVault();
    const sealed = await (await sealerOf(before)).seal(BINDING, { step: 1 });
    await before.vault.rotateMasterKey(WORK);
    expect(await (await sealerOf(before)).open(BINDING, sealed)).toEqual({
      ok: true,
      value: { step: 1 },
    });
    await before.close();
    const after = await openTestVault(before.place);
    expect(await (await sealerOf(after)).open(BINDING, sealed)).toEqual({
      ok: true,
      value: { step: 1 },
    });
  });

  it("is one for all processes on a store, also for those that ask first at the same time", async () => {
    const first = await openTestVault();
    const second = await openTestVault(first.place);
    const [a, b] = await Promise.all([first.stateKey(), second.stateKey()]);
    expect(a).toEqual(b);
  });

  it("is another in each vault, and not the key of anything else", async () => {
    const [vault, other] = [await openTestVault(), await openTestVault()];
    const key = await vault.stateKey();
    expect(key).not.toEqual(await other.stateKey());
    expect(key).not.toEqual(vault.place.masterKeys.held.current);
  });

  it("is made by whoever needs it: a command that opens the vault leaves none", async () => {
    const { place, stateKey } = await openTestVault();
    const names = async () => (await place.store.dataKeys()).map(({ instanceId }) => instanceId);
    expect((await names()).toSorted()).toEqual(["$audit", "$ledger"]);
    await stateKey();
    expect((await names()).toSorted()).toEqual(["$audit", "$ledger", "$state"]);
  });

  it("stays when every data key is rotated, and is shown by no status", async () => {
    const { vault, stateKey } = await openTestVault();
    const key = await stateKey();
    await vault.rotateDataKeys(WORK);
    expect(await stateKey()).toEqual(key);
    expect((await vault.status()).instances).toEqual([]);
  });
});
