/** The names by which this machine calls itself, as they stand in URLs and Host headers. */
export const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Where people reach the server: an https origin, or an http one of this machine, where nothing travels. */
export function parsePublicOrigin(text: string): URL | null {
  const url = parseOrigin(text);
  return url?.protocol === "https:" || LOOPBACK_NAMES.has(url?.hostname ?? "") ? url : null;
}

/** An http or https origin and nothing more (`https://mcp.example.org`, with or without a last slash), or `null`. */
export function parseOrigin(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  return url.href === `${url.origin}/` ? url : null;
}
