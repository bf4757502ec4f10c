const REVISION = "2026-07-28";

export interface Call {
  readonly method: string;
  readonly params: object;
}

/** The headers of a POST that makes this call. */
export function headersOf({ method, params }: Call, key?: string) {
  const name = (params as { name?: string }).name;
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": REVISION,
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
}

/** The message of this call. */
export function bodyOf({ method, params }: Call, id: number): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
}
