/**
 * Who a request speaks for. The id is stable over key rotation, so it may stand in
 * stored records (an owner, a session, an audit row).
 */
export interface Principal {
  readonly kind: "client" | "user" | "system";
  readonly id: string;
  /** Named rights. `mcp` may use `/mcp`; `admin` may use the admin API. */
  readonly scopes: readonly string[];
}
