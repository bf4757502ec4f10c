/** RFC 9728: where the metadata of a resource are, before its own path. */
export const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource";

/** Of what is protected here; RFC 8707 calls it the canonical URI of an MCP server. */
const MCP_PATH = "/mcp";

/** What tokens must be for. `publicUrl` is an origin, without a slash at its end. */
export function resourceUri(publicUrl: string): string {
  return `${publicUrl}${MCP_PATH}`;
}

export function resourceMetadataUrl(publicUrl: string): string {
  return `${publicUrl}${RESOURCE_METADATA_PATH}${MCP_PATH}`;
}
