/** What the server listens as, and who may speak to it how. */
export interface ServerConfig {
  /** Host names that requests may carry, without port. */
  readonly allowedHosts: readonly string[];
  /** Browser origins that requests may carry: `https://host:port`. A request without Origin is no browser's. */
  readonly allowedOrigins: readonly string[];
  /** `none` lets everybody use `/mcp`; adapters accept it on loopback only. The admin API always needs its token. */
  readonly auth: "keys" | "none";
  /**
   * Whether HTTP+SSE of 2024-11-05 is served beside Streamable HTTP. Only where one process sees all requests: an event
   * stream and the posts that belong to it are different requests.
   */
  readonly sse: boolean;
  /** Whether the adapter hands WebSockets of `/mcp` in; `GET /api/about` says so. Not when left out. */
  readonly websocket?: boolean;
}
