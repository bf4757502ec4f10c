import { credentialDriverContract } from "../../../contract/credential-driver.ts";
import { openAzure } from "./open-azure.ts";

credentialDriverContract("Azure Key Vault", {
  persistent: true,
  open: async () => {
    const { driver, reopen } = await openAzure();
    return { driver, reopen };
  },
});
