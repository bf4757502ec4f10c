import {
  randomToken,
  toKeyRecord,
  uuidv7,
  type KeyRecord,
  type KeyStore,
} from "../../src/index.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";

const CLIENT_SCOPES = ["mcp"];
const ADMIN_SCOPES = ["admin"];

export interface LoadedKeys {
  readonly keys: readonly KeyRecord[];
  /** Secrets that this run made, to be shown this once. */
  readonly created: { readonly adminToken?: string; readonly clientKey?: string };
}

/**
 * The keys that the server knows: the stored ones and those of the environment. Where there is no client key or no
 * admin token at all, one is made and its hash stored.
 */
export async function loadKeys(store: KeyStore, secrets: Settings["secrets"]): Promise<LoadedKeys> {
  const stored = await store.list();
  const keys = [...stored];
  const created: { adminToken?: string; clientKey?: string } = {};
  const createdAt = systemTime.now();

  const provide = async (
    kind: KeyRecord["kind"],
    given: string | null,
    scopes: readonly string[],
    prefix: string,
  ): Promise<string | undefined> => {
    if (given !== null) {
      const id = `environment-${kind}`;
      keys.push(await toKeyRecord(given, { id, name: id, kind, scopes, createdAt }, sha256));
      return undefined;
    }
    if (stored.some((key) => key.kind === kind)) return undefined;
    const secret = randomToken(prefix);
    const fields = { id: uuidv7(createdAt), name: "first run", kind, scopes, createdAt };
    const record = await toKeyRecord(secret, fields, sha256);
    await store.add(record);
    keys.push(record);
    return secret;
  };

  const adminToken = await provide("user", secrets.adminToken, ADMIN_SCOPES, "mcpa_");
  const clientKey = await provide("client", secrets.clientKey, CLIENT_SCOPES, "mcpk_");
  if (adminToken !== undefined) created.adminToken = adminToken;
  if (clientKey !== undefined) created.clientKey = clientKey;
  return { keys, created };
}
