import { createVaultRepository } from "../../src/index.ts";
import { vaultStoreContract } from "../contract/vault-store.ts";
import { databaseFile, STORAGE_DRIVERS } from "../helpers/storage-drivers.ts";

for (const { name, open } of STORAGE_DRIVERS) {
  vaultStoreContract(`database, ${name}`, {
    open: async () => {
      const path = databaseFile();
      return {
        store: createVaultRepository(await open(path)),
        second: async () => createVaultRepository(await open(path)),
      };
    },
  });
}
