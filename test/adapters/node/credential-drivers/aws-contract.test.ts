import { credentialDriverContract } from "../../../contract/credential-driver.ts";
import { openAws } from "./open-aws.ts";

credentialDriverContract("AWS Secrets Manager", {
  persistent: true,
  open: async () => {
    const { driver, reopen } = await openAws();
    return { driver, reopen };
  },
});
