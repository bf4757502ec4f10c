import type { VaultFault, VaultStore, VaultWork } from "../../types/vault.ts";
import type { CredentialRecords } from "./credential-records.ts";
import type { Ledgers, OpenLedger } from "./ledger.ts";
import type { VaultAudit } from "./vault-audit.ts";
import { atDoor, unreadableReason } from "./vault-faults.ts";

export interface VerifyDeps {
  readonly store: VaultStore;
  readonly ledgers: Ledgers;
  readonly records: CredentialRecords;
  readonly audit: VaultAudit;
}

/** Opens everything, commits what a crash left uncommitted, and answers what does not open. */
export async function verifyCredentials(
  deps: VerifyDeps,
  { actor, onProgress }: VaultWork,
): Promise<{ readonly checked: number; readonly faults: readonly VaultFault[] }> {
  const act = { actor, action: "vault.verify", instanceId: null, subject: null } as const;
  return deps.audit.change(
    act,
    () => atDoor(() => verify(deps, onProgress)),
    ({ checked, faults }) => ({
      checked,
      faults: faults.map(({ instanceId, owner, name, reason }) =>
        name === "" ? `${instanceId}: ${reason}` : `${instanceId} ${owner}/${name}: ${reason}`,
      ),
    }),
  );
}

async function verify(
  { store, ledgers, records }: VerifyDeps,
  onProgress: VaultWork["onProgress"],
): Promise<{ readonly checked: number; readonly faults: readonly VaultFault[] }> {
  const faults: VaultFault[] = [];
  const sound: OpenLedger[] = [];
  for (const instanceId of await store.instances()) {
    const reason = await reasonOf(async () => {
      sound.push(await ledgers.current(instanceId));
    });
    if (reason !== null) faults.push({ owner: "shared", instanceId, name: "", reason });
  }
  const entries = sound.flatMap((ledger) => ledger.entries());
  let checked = 0;
  onProgress?.({ done: checked, total: entries.length });
  for (const { owner, instanceId, name } of entries) {
    const id = { owner, instanceId, name };
    const reason = await reasonOf(async () => {
      const opened = await records.read(id);
      if (opened === null) return;
      opened.secret.fill(0);
      if (opened.record.sequence !== opened.entry.sequence) await records.settle(id);
    });
    if (reason !== null) faults.push({ ...id, reason });
    checked++;
    onProgress?.({ done: checked, total: entries.length });
  }
  return { checked, faults };
}

async function reasonOf(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    const reason = unreadableReason(error);
    if (reason === null) throw error;
    return reason;
  }
}
