import type { ToolAccess } from "./principal.ts";
import type { Owner } from "./vault.ts";

/** A bearer secret of a client or an administrator, as stored: by its hash alone. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** `client`: an MCP client's key; `user`: a token of the admin API. */
  readonly kind: "client" | "user";
  /** SHA-256 of the secret, lower-case hex. */
  readonly hash: string;
  /** Rights and names of roles: see `core/auth/roles.ts`. */
  readonly scopes: readonly string[];
  readonly createdAt: number;
  /** Epoch milliseconds; never when left out. */
  readonly expiresAt?: number | null | undefined;
  /** For whom a client acts; for itself when left out. */
  readonly owner?: Owner | null | undefined;
  /** What of the catalog a client may use; all of it when left out. */
  readonly access?: ToolAccess | null | undefined;
  /** Tool calls in a minute; as many as anybody when left out. */
  readonly callsPerMinute?: number | null | undefined;
  /** Which change of it this is; left out where it is not stored. */
  readonly rev?: number | undefined;
  /** When it was last used, to the minute; `null` for never, or not known. */
  readonly usedAt?: number | null | undefined;
  /** What of its stored row nobody can read. Such a key lets nobody in; it can be revoked, and what is damaged can be set anew. */
  readonly damaged?: readonly string[] | undefined;
}

/** What may be changed about a key. Members that are left out stay as they are. */
export type KeyChanges = {
  readonly [
    Member in Exclude<keyof KeyRecord, "id" | "kind" | "createdAt" | "usedAt" | "rev" | "damaged">
  ]?: KeyRecord[Member] | undefined;
};

/** Which key is meant. */
export type KeyName = Pick<KeyRecord, "kind" | "id">;

/** Where keys are kept; one that is revoked is there no more. */
export interface KeyStore {
  list(): Promise<readonly KeyRecord[]>;
  add(key: KeyRecord): Promise<void>;
  /** Answers whether there was such a key, with that very `rev`: what was decided by what is there no more is not done. */
  change(key: KeyRecord, changes: KeyChanges): Promise<boolean>;
  /** Answers whether there was such a key. The record of it stays, so that its id is never anybody else's. */
  revoke(key: KeyName, at: number): Promise<boolean>;
  /** Notes when keys were last used. */
  used(keys: readonly (KeyName & { readonly at: number })[]): Promise<void>;
}
