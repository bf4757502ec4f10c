/** What stands in the Client ID Metadata Document of an instance. */
export interface ClientMetadataOptions {
  readonly instanceId: string;
  /** Where the document is: this is the client's id. */
  readonly metadataUrl: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
}

/**
 * The document by which a server gets to know a client that it has never seen (OAuth Client ID Metadata Document). It has
 * nothing secret in it; a public client has nothing to prove itself with but PKCE and its redirect URI.
 */
export function clientMetadata(options: ClientMetadataOptions): Record<string, unknown> {
  const { instanceId, metadataUrl, redirectUri, scopes } = options;
  return {
    client_id: metadataUrl,
    client_name: `mcp-plugin-server (${instanceId})`,
    client_uri: new URL("/", metadataUrl).href,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
  };
}
