import {
  environmentKey,
  KEY_ROLES,
  randomToken,
  toKeyRecord,
  uuidv7,
  type KeyRecord,
  type KeyRole,
  type KeyStore,
} from "../../src/index.ts";
import { sha256, systemTime } from "./runtime.ts";
import type { Settings } from "./settings.ts";

/** Secrets that this run made, to be shown this once. */
export interface CreatedSecrets {
  readonly adminToken?: string;
  readonly clientKey?: string;
}

export interface PreparedKeys {
  /** Those of the environment, and those that were made: they are not stored yet. */
  readonly keys: readonly KeyRecord[];
  readonly created: CreatedSecrets;
  /** Stores the hashes of what was created; does nothing when nothing was. */
  readonly save: () => Promise<void>;
}

/**
 * The keys that the server knows: the stored ones and those of the environment. Where there is no client key or no
 * admin token at all, one is made. Nothing is stored before `save`: a start that fails on the way to showing the secrets
 * must not leave hashes behind, or nobody could ever get in.
 */
export async function prepareKeys(
  store: KeyStore,
  { secrets, auth }: Pick<Settings, "secrets" | "auth">,
): Promise<PreparedKeys> {
  const stored = await store.list();
  const given: KeyRecord[] = [];
  const made: KeyRecord[] = [];
  const createdAt = systemTime.now();

  const provide = async (role: KeyRole, secret: string | null): Promise<string | null> => {
    if (secret !== null) {
      given.push(await environmentKey(role, secret, createdAt, sha256));
      return null;
    }
    const { kind, scopes, prefix } = KEY_ROLES[role];
    if (stored.some((key) => key.kind === kind)) return null;
    const fresh = randomToken(prefix);
    const fields = { id: uuidv7(createdAt), name: "first run", kind, scopes, createdAt };
    made.push(await toKeyRecord(fresh, fields, sha256));
    return fresh;
  };

  const adminToken = await provide("admin", secrets.adminToken);
  // Without authentication a client needs none; the first run with it will make one.
  const clientKey = auth === "none" ? null : await provide("client", secrets.clientKey);
  return {
    keys: [...given, ...made],
    created: {
      ...(adminToken !== null && { adminToken }),
      ...(clientKey !== null && { clientKey }),
    },
    save: async () => {
      for (const record of made) await store.add(record);
    },
  };
}
