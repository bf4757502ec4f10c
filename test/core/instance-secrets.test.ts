import { describe, expect, it } from "vitest";
import { createSecretCheck, createSecretRemoval } from "../../src/core/instance-secrets.ts";
import type { Owner } from "../../src/types/vault.ts";
import { openTestVault, TEST_ACTOR } from "../helpers/vault.ts";

/** No connection is known: the vault is one that was restored, and what stood beside it was not. */
const oauth = { connections: async () => [], revokeToken: async () => "absent" as const };

describe("what the vault alone knows of an instance", () => {
  it.each<[string, Owner, string]>([
    ["the tokens of a user", "user:local:zoe", "$oauth.token"],
    ["the tokens of a client", "client:a", "$oauth.token"],
    ["everybody's tokens", "shared", "$oauth.token"],
    ["the secret of its client", "shared", "$oauth.client_secret.0"],
  ])("is seen, and deleted with it: %s", async (_what, owner, name) => {
    const { vault } = await openTestVault();
    const holdsSecrets = createSecretCheck({ vault, oauth });
    const deleteSecrets = createSecretRemoval({ vault, oauth });
    const own = vault.reserved(owner, TEST_ACTOR);
    for (const id of ["drive", "other"]) await own.storeCredential(id, name, "a-secret");
    expect(await holdsSecrets("drive")).toBe(true);
    await deleteSecrets("drive", TEST_ACTOR);
    expect(await own.listCredentials("drive")).toEqual([]);
    expect(await holdsSecrets("drive")).toBe(false);
    expect(await own.listCredentials("other")).toEqual([name]);
  });

  it("is named without what plugins have stored, sorted", async () => {
    const { vault } = await openTestVault();
    await vault.for("shared", TEST_ACTOR).storeCredential("drive", "key", "a-secret");
    for (const owner of ["shared", "client:a"] as const) {
      await vault.reserved(owner, TEST_ACTOR).storeCredential("drive", "$b", "a-secret");
    }
    const listed = await vault.listReserved("drive");
    expect(listed.map(({ owner, name }) => [owner, name])).toEqual([
      ["client:a", "$b"],
      ["shared", "$b"],
    ]);
  });
});
