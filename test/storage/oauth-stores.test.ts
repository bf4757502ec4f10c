import {
  createMemoryOAuthFlows,
  createMemoryOAuthGrants,
  createMemorySignIns,
  createOAuthFlowRepository,
  createOAuthGrantRepository,
  createSignInRepository,
} from "../../src/index.ts";
import { oauthStoreContract } from "../contract/oauth-store.ts";
import { signInStoreContract } from "../contract/sign-in-store.ts";
import { databaseFile, STORAGE_DRIVERS } from "../helpers/storage-drivers.ts";

for (const { name, open } of STORAGE_DRIVERS) {
  signInStoreContract(name, async () => createSignInRepository((await open(databaseFile())).db));
  oauthStoreContract(name, async () => {
    const { db } = await open(databaseFile());
    return { flows: createOAuthFlowRepository(db), grants: createOAuthGrantRepository(db) };
  });
}

signInStoreContract("memory", async () => createMemorySignIns());

oauthStoreContract("memory", async () => ({
  flows: createMemoryOAuthFlows(),
  grants: createMemoryOAuthGrants(),
}));
