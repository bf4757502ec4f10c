import { AppError } from "../../errors.ts";
import type { Scrubber } from "../../types/scrubber.ts";
import type { CredentialId, VaultStore, VaultWork } from "../../types/vault.ts";
import { readBackupContent, writeBackupContent, type BackedUp } from "./backup-content.ts";
import { openBackup, sealBackup } from "./backup-text.ts";
import type { CredentialRecords } from "./credential-records.ts";
import type { Ledgers } from "./ledger.ts";
import { actOn, type VaultAudit } from "./vault-audit.ts";
import { atDoor } from "./vault-faults.ts";

export interface TransferDeps {
  readonly store: VaultStore;
  readonly ledgers: Ledgers;
  readonly records: CredentialRecords;
  readonly audit: VaultAudit;
  readonly scrubber: Scrubber;
  readonly now: () => number;
  readonly onChange: (id: CredentialId) => void;
}

/** @throws AppError `CREDENTIAL_UNREADABLE` when there is one that cannot be backed up */
export async function exportCredentials(
  deps: TransferDeps,
  { actor, passphrase, onProgress }: VaultWork & { readonly passphrase: Uint8Array },
): Promise<string> {
  assertPassphrase(passphrase);
  const act = { actor, action: "vault.export", instanceId: null, subject: null } as const;
  const { store, ledgers, records, audit, scrubber, now } = deps;
  const credentials: BackedUp[] = [];
  try {
    return await audit.change(
      act,
      () =>
        atDoor(async () => {
          const instances = await store.instances();
          const all = await Promise.all(instances.map((id) => ledgers.current(id)));
          const entries = all.flatMap((ledger) => ledger.entries());
          onProgress?.({ done: 0, total: entries.length });
          for (const [index, { owner, instanceId, name }] of entries.entries()) {
            const id = { owner, instanceId, name };
            const opened = await records.read(id);
            if (opened !== null) {
              const { secret, entry, record } = opened;
              credentials.push({ ...entry, secret });
              scrubber.learn(secret);
              const read = actOn(id, actor, "credential.read");
              await audit.record(read, "ok", { sequence: record.sequence, for: "vault.export" });
            }
            onProgress?.({ done: index + 1, total: entries.length });
          }
          const content = writeBackupContent(credentials);
          try {
            return await sealBackup(content, passphrase, { now: now() });
          } finally {
            content.fill(0);
          }
        }),
      () => ({ credentials: credentials.length }),
    );
  } finally {
    for (const { secret } of credentials) secret.fill(0);
  }
}

/** Looks at all of the backup before it stores the first credential. */
export async function importCredentials(
  deps: TransferDeps,
  {
    actor,
    passphrase,
    backup,
    onProgress,
  }: VaultWork & { readonly passphrase: Uint8Array; readonly backup: string },
): Promise<{ readonly imported: number }> {
  const act = { actor, action: "vault.import", instanceId: null, subject: null } as const;
  const { records, audit, scrubber, onChange } = deps;
  return audit.change(
    act,
    () =>
      atDoor(async () => {
        const opened = await openBackup(backup, passphrase);
        if (!opened.ok) throw invalid(opened.reason);
        try {
          const credentials = readBackupContent(opened.value);
          if (credentials === null) throw invalid("content");
          const total = credentials.length;
          onProgress?.({ done: 0, total });
          for (const [index, { secret, ...listing }] of credentials.entries()) {
            const { owner, instanceId, name } = listing;
            const id = { owner, instanceId, name };
            scrubber.learn(secret);
            await audit.change(
              actOn(id, actor, "credential.write"),
              () => records.write(id, secret, listing),
              ({ sequence }) => ({ sequence, for: "vault.import" }),
            );
            onChange(id);
            onProgress?.({ done: index + 1, total });
          }
          return { imported: total };
        } finally {
          opened.value.fill(0);
        }
      }),
    ({ imported }) => ({ imported }),
  );
}

function assertPassphrase(passphrase: Uint8Array): void {
  if (passphrase.length > 0) return;
  throw new AppError("CREDENTIAL_INVALID", "A backup needs a passphrase.");
}

function invalid(reason: string): AppError {
  return new AppError(
    "BACKUP_INVALID",
    "The backup cannot be read: the passphrase is another, or it is damaged.",
    { cause: new Error(reason) },
  );
}
