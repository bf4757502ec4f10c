import { AppError, type CredentialListing, type VaultStatus } from "../../../src/index.ts";
import { ROTATE_GIVEN_KEY } from "../master-keys.ts";
import type { AdminClient } from "./admin-client.ts";
import type { VaultAccess, Verified } from "./vault-access.ts";
import { noCredential, nothingOf, unknownInstance } from "./vault-refusals.ts";

type ListedCredential = Omit<CredentialListing, "instanceId"> & { readonly plugin: string };

/** The vault of a running server, through its admin API. */
export function createRemoteAccess(client: AdminClient): VaultAccess {
  return {
    async set({ plugin, name, owner }, value) {
      try {
        await client.send("POST", "/api/auth/credentials", { plugin, name, owner, value });
        // By what the plugin itself says, if it says anything.
        return { isChecked: true };
      } catch (error) {
        // What can be no plugin's id breaks the rules of the body.
        if (!["NOT_FOUND", "BODY_INVALID"].includes(codeOf(error) ?? "")) throw error;
        const known = await instanceIds(client);
        throw known.includes(plugin) ? error : unknownInstance(plugin, known);
      }
    },
    async list(plugin) {
      const query = plugin === undefined ? {} : { plugin };
      const data = await client.all<ListedCredential>("/api/auth/credentials", query);
      return data.map(({ plugin: instanceId, ...rest }) => ({ instanceId, ...rest }));
    },
    async remove({ plugin, name, owner }) {
      const path = `${encodeURIComponent(plugin)}/${encodeURIComponent(name)}`;
      const query = `owner=${encodeURIComponent(owner)}`;
      try {
        await client.send("DELETE", `/api/auth/credentials/${path}?${query}`);
      } catch (error) {
        if (codeOf(error) !== "CREDENTIAL_NOT_FOUND") throw error;
        throw noCredential({ plugin, name, owner });
      }
    },
    status: () => client.json<VaultStatus>("GET", "/api/vault"),
    async rotate(plugin, report) {
      try {
        await client.work("/api/vault/rotate", plugin === undefined ? {} : { plugin }, report);
      } catch (error) {
        if (plugin === undefined || codeOf(error) !== "NOT_FOUND") throw error;
        throw nothingOf(plugin);
      }
    },
    async rotateMaster(report) {
      try {
        await client.work("/api/vault/rotate-master", {}, report);
      } catch (error) {
        // The server says no more than the code, and this is the one reason for it.
        if (codeOf(error) !== "CONFIG_INVALID") throw error;
        throw new AppError("CONFIG_INVALID", ROTATE_GIVEN_KEY, { cause: error });
      }
    },
    async verify(report) {
      return (await client.work("/api/vault/verify", {}, report)) as unknown as Verified;
    },
    exportBackup: (passphrase) => client.send("POST", "/api/vault/export", { passphrase }),
    importBackup: (passphrase, backup) =>
      client.json<{ imported: number }>("POST", "/api/vault/import", { passphrase, backup }),
    close: async () => {},
  };
}

async function instanceIds(client: AdminClient): Promise<string[]> {
  const plugins = await client.all<{ readonly id: string }>("/api/plugins");
  return plugins.map(({ id }) => id);
}

function codeOf(error: unknown): string | null {
  return error instanceof AppError ? error.code : null;
}
