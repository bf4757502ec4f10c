import type { CredentialId, Owner } from "../../../../src/index.ts";

/** The credential of most tests. */
export const ID: CredentialId = { owner: "shared", instanceId: "one", name: "apiKey" };

export const idOf = (name: string, owner: Owner = "shared"): CredentialId => ({
  ...ID,
  owner,
  name,
});

/** Looks like a sealed record, and like no other. */
export const textOf = (mark: string, length = 120) => `v1.${mark}.`.padEnd(length, "Ab-_09");
