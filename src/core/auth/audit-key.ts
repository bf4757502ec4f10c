import type { Time } from "../../types/runtime.ts";
import type { MasterKeyProvider, VaultStore } from "../../types/vault.ts";
import { Keyring } from "./keyring.ts";
import { MasterKeyring } from "./master-keyring.ts";

/** The data key of the audit record. */
const AUDIT = "$audit";

/**
 * The key of the audit record's MACs, for the caller to zero; `null` when there is none yet. For reading alone: it makes no
 * key and finishes no rotation.
 *
 * @throws AppError `VAULT_KEY_WRONG`
 */
export async function readAuditKey({
  store,
  masterKeys,
  time,
}: {
  readonly store: VaultStore;
  readonly masterKeys: MasterKeyProvider;
  readonly time: Time;
}): Promise<Uint8Array<ArrayBuffer> | null> {
  // A vault that has never been used would get its check value.
  if ((await store.dataKeys()).length === 0) return null;
  const masters = await MasterKeyring.open(store, masterKeys);
  const keyring = new Keyring({ store, masters, time, useLimit: 1 });
  return (await keyring.hasSystemKey(AUDIT)) ? keyring.systemKey(AUDIT) : null;
}
