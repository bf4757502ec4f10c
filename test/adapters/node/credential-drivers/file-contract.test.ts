import { onTestFinished } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileDriver } from "../../../../adapters/node/credential-drivers/file.ts";
import {
  credentialDriverContract,
  type OpenedDriver,
} from "../../../contract/credential-driver.ts";

const openAt = async (folder: string): Promise<OpenedDriver> => {
  const driver = await createFileDriver({ folder });
  return {
    driver,
    reopen: async () => {
      await driver.close?.();
      return openAt(folder);
    },
  };
};

credentialDriverContract("file", {
  persistent: true,
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), "vault-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return openAt(folder);
  },
});
