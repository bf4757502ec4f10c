import { expect } from "vitest";
import type { DataKeyRecord, LedgerEntry, VaultStore } from "../../../src/types/vault.ts";

/** A store, and the way to come back to what it keeps as another process would. */
export interface OpenedVaultStore {
  readonly store: VaultStore;
  /** Another store over the same data, while this one goes on. */
  readonly second: () => Promise<VaultStore>;
}

export interface VaultStoreUnderTest {
  /** Opens an empty store. It goes when the test ends: `open` registers that itself (`onTestFinished`). */
  readonly open: () => Promise<OpenedVaultStore>;
}

export const GUARD = { name: "vault.check", value: "check-1" };

export const key = (id: string, fields: Partial<DataKeyRecord> = {}): DataKeyRecord => ({
  id,
  instanceId: "one",
  masterKeyId: "m1",
  wrapped: `w1.m1.${id}`,
  state: "active",
  createdAt: 1_700_000_000_000,
  uses: 0,
  ...fields,
});

export const entry = (
  name: string,
  sequence: number,
  fields: Partial<LedgerEntry> = {},
): LedgerEntry => ({
  owner: "shared",
  instanceId: "one",
  name,
  sequence,
  keyId: "k1",
  tag: `tag of ${name} ${sequence}`,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000 + sequence,
  ...fields,
});

/** In one order, whatever order the members of each have. */
export const sorted = <T extends object>(items: readonly T[]): T[] => {
  const textOf = (item: T) => Object.entries(item).map(String).toSorted().join();
  return items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
};

export const entriesOf = async (store: VaultStore, instanceId = "one"): Promise<LedgerEntry[]> =>
  sorted((await store.ledger(instanceId))?.entries ?? []);

export const wins = (answers: readonly boolean[]) => answers.filter(Boolean).length;

/** A store with the guard's value and the active key `k1` of the instance `one`. */
export async function openWithKey({ open }: VaultStoreUnderTest): Promise<OpenedVaultStore> {
  const opened = await open();
  expect(await opened.store.setValue(GUARD.name, GUARD.value, null)).toBe(true);
  expect(await opened.store.addDataKey(key("k1"), null, GUARD)).toBe(true);
  return opened;
}
