import { expect } from "vitest";
import { canary } from "./canary.ts";
import { startNodeServer } from "./node-server.ts";
import { runHere } from "./server-process.ts";
import { keptDigest, makeVaultFolder, type VaultFolder } from "./vault-folder.ts";

export const VALUE = canary("key-8c1f ");
const ENDPOINT = "https://service.example/8c1f";

export interface OpenedVaultFolder extends VaultFolder {
  /** Runs a command of the vault; with the environment's changes, if any. */
  readonly vault: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    typed?: readonly (string | null)[],
  ) => ReturnType<typeof runHere>;
  /** The digest of `api_key` that the plugin sees now. */
  readonly digest: () => Promise<string>;
}

/** The two ways of the commands to the vault: both must do the same. */
export const WAYS: readonly {
  readonly way: string;
  readonly open: (env?: Readonly<Record<string, string>>) => Promise<OpenedVaultFolder>;
}[] = [
  {
    way: "through the server that runs",
    async open(env = {}) {
      const folder = makeVaultFolder();
      const all = { ...folder.env, ...env };
      await storeTwo(all);
      const server = await startNodeServer(all);
      const token = { MCP_ADMIN_TOKEN: server.adminToken };
      return {
        ...folder,
        vault: (args, more = {}, typed) =>
          runHere(["vault", ...args], { ...all, ...token, ...more }, typed ?? ""),
        digest: () => keptDigest(server),
      };
    },
  },
  {
    way: "on the data folder",
    async open(env = {}) {
      const folder = makeVaultFolder();
      const all = { ...folder.env, ...env };
      await storeTwo(all);
      return {
        ...folder,
        vault: (args, more = {}, typed) =>
          runHere(["vault", ...args], { ...all, ...more }, typed ?? ""),
        digest: () => digestAfterStart(all),
      };
    },
  },
];

/** Two credentials, in two plugins. */
export async function storeTwo(env: Readonly<Record<string, string>>): Promise<void> {
  const set = (plugin: string, name: string, value: string) =>
    runHere(["credentials", "set", plugin, name], env, value);
  expect(await set("keeper", "api_key", VALUE)).toMatchObject({ status: 0 });
  expect(await set("spare", "endpoint", ENDPOINT)).toMatchObject({ status: 0 });
}

/** The digest that the plugin sees once a server has been started. */
export async function digestAfterStart(env: Readonly<Record<string, string>>): Promise<string> {
  const server = await startNodeServer(env);
  const digest = await keptDigest(server);
  await server.close();
  return digest;
}
