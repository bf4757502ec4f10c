import type { Owner } from "./vault.ts";

/**
 * Who a request speaks for. The id is stable over key rotation, so it may stand in
 * stored records (an owner, a session, an audit row).
 */
export interface Principal {
  readonly kind: "client" | "user" | "system";
  readonly id: string;
  /** Named rights: `mcp` may use `/mcp`; those of the admin API are in `core/auth/roles.ts`. */
  readonly scopes: readonly string[];
  /** What of the catalog it may use; all of it when left out. */
  readonly access?: ToolAccess;
  /** Whose credentials are its own; by its kind and id when left out. */
  readonly owner?: Owner;
  /** Whose access token it came with; left out when it came with something else. */
  readonly issuer?: string;
  /** Tool calls that it may make in a minute; as many as anybody when left out. */
  readonly callsPerMinute?: number;
}

/** What of the catalog a caller may use. */
export interface ToolAccess {
  /** Instance ids; `null` stands for all. */
  readonly plugins: readonly string[] | null;
  /** Names of tools as clients see them; `null` stands for all. */
  readonly tools: readonly string[] | null;
  /** Only tools that say of themselves that they change nothing (`readOnlyHint`). */
  readonly readOnly: boolean;
  /**
   * Instances of which it may use in addition what changes nothing, whatever the other members say; `null` stands for all.
   * Of none when left out.
   */
  readonly alsoReads?: readonly string[] | null;
}
