import {
  createInstanceRepository,
  createMemoryInstances,
  createMemoryToolSettings,
  createToolSettingsRepository,
} from "../../src/index.ts";
import { instanceStoreContract } from "../contract/instance-store.ts";
import { databaseFile, STORAGE_DRIVERS } from "../helpers/storage-drivers.ts";

for (const { name, open } of STORAGE_DRIVERS) {
  instanceStoreContract(name, async () => {
    const { db } = await open(databaseFile());
    return { instances: createInstanceRepository(db), tools: createToolSettingsRepository(db) };
  });
}

instanceStoreContract("memory", async () => ({
  instances: createMemoryInstances(),
  tools: createMemoryToolSettings(),
}));
