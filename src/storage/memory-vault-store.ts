import type {
  CredentialDriver,
  CredentialId,
  DataKeyRecord,
  Ledger,
  LedgerEntry,
  VaultStore,
} from "../types/vault.ts";

/** Reference drivers: what they do is all that the vault needs. Everything is gone at the end of the process. */

export function createMemoryVaultStore(): VaultStore {
  const values = new Map<string, string>();
  const keys = new Map<string, DataKeyRecord>();
  const ledgers = new Map<string, Ledger>();
  const isNamed = (keyId: string) =>
    [...ledgers.values()].some(({ entries }) => entries.some((entry) => entry.keyId === keyId));
  const activeOf = (instanceId: string) =>
    [...keys.values()].find((key) => key.instanceId === instanceId && key.state === "active");

  return {
    value: async (name) => values.get(name) ?? null,
    async setValue(name, value, expected) {
      if ((values.get(name) ?? null) !== expected) return false;
      values.set(name, value);
      return true;
    },

    dataKeys: async () => [...keys.values()],
    async addDataKey(key, replaces, guard) {
      const active = activeOf(key.instanceId);
      if (values.get(guard.name) !== guard.value) return false;
      if (active !== undefined && active.id !== replaces) return false;
      if (replaces !== null && keys.get(replaces)?.instanceId !== key.instanceId) return false;
      if (keys.has(key.id)) throw new Error(`There is a data key ${key.id} already.`);
      if (active !== undefined) keys.set(active.id, { ...active, state: "retiring" });
      keys.set(key.id, key);
      return true;
    },
    async rewrapDataKey(id, from, to) {
      const key = keys.get(id);
      if (key?.wrapped !== from) return false;
      keys.set(id, { ...key, ...to });
      return true;
    },
    async countUses(id, count, limit) {
      const key = keys.get(id);
      if (key?.state !== "active" || key.uses + count > limit) return false;
      keys.set(id, { ...key, uses: key.uses + count });
      return true;
    },
    async removeDataKey(id) {
      if (keys.get(id)?.state !== "retiring" || isNamed(id)) return false;
      return keys.delete(id);
    },

    instances: async () => [...ledgers.keys()].toSorted(),
    ledgerVersion: async (instanceId) => ledgers.get(instanceId)?.version ?? 0,
    ledger: async (instanceId) => ledgers.get(instanceId) ?? null,
    async commit({ instanceId, from, seal, put, remove }) {
      const ledger = ledgers.get(instanceId) ?? null;
      if ((ledger?.version ?? 0) !== from) return false;
      if (put !== undefined && !keys.has(put.keyId)) return false;
      const gone = [put, remove].filter((each) => each !== undefined);
      const isGone = (entry: LedgerEntry) =>
        gone.some(({ owner, name }) => owner === entry.owner && name === entry.name);
      const kept = (ledger?.entries ?? []).filter((entry) => !isGone(entry));
      const entries = put === undefined ? kept : [...kept, put];
      ledgers.set(instanceId, { instanceId, version: from + 1, seal, entries });
      return true;
    },
  };
}

export function createMemoryCredentialDriver(): CredentialDriver {
  const records = new Map<string, string>();
  const placeOf = ({ owner, instanceId, name }: CredentialId) =>
    JSON.stringify([owner, instanceId, name]);
  return {
    kind: "memory",
    read: async (id) => records.get(placeOf(id)) ?? null,
    async write(id, sealed) {
      records.set(placeOf(id), sealed);
    },
    async remove(id) {
      records.delete(placeOf(id));
    },
  };
}
