import { join } from "node:path";
import { createAuditJournal } from "../../adapters/node/audit-journal.ts";
import { createFileDriver } from "../../adapters/node/credential-drivers/file.ts";
import { openDatabase } from "../../adapters/node/database.ts";
import { createFileMasterKeys } from "../../adapters/node/master-keys.ts";
import { systemTime } from "../../adapters/node/runtime.ts";
import {
  createAuditRepository,
  createCredentialRepository,
  createScrubber,
  createVaultRepository,
  openVault,
  type OpenVaultDeps,
} from "../../src/index.ts";
import { SILENT, type NodeDriver, type NodePlace } from "./node-place.ts";

/** The same as `openPlace`, with parts that may be exchanged. */
export async function assemblePlace(
  folder: string,
  driver: NodeDriver,
  exchange: (deps: OpenVaultDeps) => Partial<OpenVaultDeps> = () => ({}),
): Promise<NodePlace> {
  const database = await openDatabase(`file:${join(folder, "server.db")}`);
  const deps: OpenVaultDeps = {
    store: createVaultRepository(database),
    driver:
      driver === "file"
        ? await createFileDriver({ folder: join(folder, "vault") })
        : createCredentialRepository(database),
    masterKeys: createFileMasterKeys(folder),
    auditSinks: [
      createAuditJournal({ folder: join(folder, "audit") }),
      createAuditRepository(database),
    ],
    scrubber: createScrubber(),
    time: systemTime,
    logger: SILENT,
  };
  const opened = await openVault({ ...deps, ...exchange(deps) });
  return {
    ...opened,
    database,
    async close() {
      await opened.close();
      database.close();
    },
  };
}
