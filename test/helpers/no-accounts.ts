import type { PluginAccounts } from "../../src/core/auth/plugin-accounts.ts";

/** For plugins that connect to nothing. */
export const NO_ACCOUNTS: PluginAccounts = {
  open() {
    throw new Error("This test's plugins have no accounts.");
  },
};
