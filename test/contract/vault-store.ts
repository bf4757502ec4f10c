import { describe } from "vitest";
import { dataKeysContract } from "./vault-store/data-keys.ts";
import type { VaultStoreUnderTest } from "./vault-store/harness.ts";
import { ledgerContract } from "./vault-store/ledger.ts";
import { valuesContract } from "./vault-store/values.ts";

/** What every driver of the `VaultStore` port does. */
export function vaultStoreContract(name: string, driver: VaultStoreUnderTest): void {
  describe(`vault store contract: ${name}`, () => {
    valuesContract(driver);
    dataKeysContract(driver);
    ledgerContract(driver);
  });
}
