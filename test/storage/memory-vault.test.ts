import { createMemoryCredentialDriver, createMemoryVaultStore } from "../../src/index.ts";
import { credentialDriverContract } from "../contract/credential-driver.ts";
import { vaultStoreContract } from "../contract/vault-store.ts";

vaultStoreContract("memory", {
  open: async () => {
    const store = createMemoryVaultStore();
    return { store, second: async () => store };
  },
});

credentialDriverContract("memory", {
  open: async () => {
    const driver = createMemoryCredentialDriver();
    const opened = { driver, reopen: async () => opened };
    return opened;
  },
  persistent: false,
});
