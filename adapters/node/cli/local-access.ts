import { AppError, passphraseBytes, type VaultActor } from "../../../src/index.ts";
import { openStores, type NodeStores } from "../stores.ts";
import { masterKeysOf, ROTATE_GIVEN_KEY } from "../master-keys.ts";
import type { Settings } from "../settings.ts";
import { assertOwnStores, assertStoresThere } from "../stores-guard.ts";
import { assertAcceptable } from "./known-instances.ts";
import type { Output } from "./output.ts";
import { createPlainLogger } from "./plain-logger.ts";
import type { VaultAccess } from "./vault-access.ts";
import { noCredential, nothingOf } from "./vault-refusals.ts";

/** Who acts on the data folder may do what the server may. */
const ACTOR: VaultActor = { actor: "user:local", requestId: null };

/**
 * The vault of the data folder, opened by this process.
 *
 * @throws AppError `CONFIG_INVALID` when there is none and none may be made, or it is another user's
 */
export async function openLocalAccess(
  settings: Settings,
  output: Output,
  mayMake: boolean,
): Promise<VaultAccess> {
  assertOwnStores(settings);
  if (!mayMake) assertStoresThere(settings);
  const stores = await openStores(settings, createPlainLogger(output));
  return createLocalAccess(settings, stores);
}

function createLocalAccess(settings: Settings, stores: NodeStores): VaultAccess {
  const { vault } = stores;
  return {
    async set({ plugin, name, owner }, value) {
      const checked = await assertAcceptable(settings, stores, { plugin, name, owner }, value);
      await vault.for(owner, ACTOR).storeCredential(plugin, name, value);
      return checked;
    },
    list: (plugin) => vault.list(plugin),
    async remove({ plugin, name, owner }) {
      const own = vault.for(owner, ACTOR);
      // Of this plugin alone: another's damaged ledger stands in nobody's way.
      const there = await own.listCredentials(plugin).catch((error: unknown): string[] => {
        // What can be no plugin's id has none.
        if (error instanceof AppError && error.code === "CREDENTIAL_INVALID") return [];
        throw error;
      });
      if (!there.includes(name)) throw noCredential({ plugin, name, owner });
      await own.deleteCredential(plugin, name);
    },
    status: () => vault.status(),
    async rotate(plugin, onProgress) {
      const { instances } = await vault.status();
      if (plugin !== undefined && !instances.some(({ instanceId }) => instanceId === plugin)) {
        throw nothingOf(plugin);
      }
      const instance = plugin === undefined ? {} : { instanceId: plugin };
      await vault.rotateDataKeys({ actor: ACTOR, onProgress, ...instance });
    },
    async rotateMaster(onProgress) {
      if (masterKeysOf(settings).rotation === undefined) {
        throw new AppError("CONFIG_INVALID", ROTATE_GIVEN_KEY);
      }
      await vault.rotateMasterKey({ actor: ACTOR, onProgress });
    },
    verify: (onProgress) => vault.verify({ actor: ACTOR, onProgress }),
    exportBackup: (passphrase) =>
      vault.exportBackup({ actor: ACTOR, passphrase: passphraseBytes(passphrase) }),
    importBackup: (passphrase, backup) =>
      vault.importBackup({ actor: ACTOR, passphrase: passphraseBytes(passphrase), backup }),
    close: () => stores.close(),
  };
}
