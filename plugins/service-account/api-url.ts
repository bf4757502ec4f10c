import { ToolError } from "mcp-plugin-server/plugin";

type QueryValue = string | number | boolean;

export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

/** How often something can be encoded over itself until nobody looks any further. */
const MAX_LAYERS = 5;

/** The address as a folder: everything below begins with it. @throws TypeError for one that is none */
export function toBase(baseUrl: string): URL {
  return new URL(`${baseUrl.replace(/\/+$/, "")}/`);
}

/**
 * The address of a path below the base.
 *
 * @throws ToolError for a path that leads out of it, however it is written, or that has a query of its own
 */
export function toApiUrl(base: URL, path: string, query: Query = {}): URL {
  const below = path.replace(/^\//, "");
  if (/[?#]/.test(below)) {
    throw new ToolError("The path must have no ? and no #. What comes after them goes into query.");
  }
  const url = new URL(base.href + below);
  if (leadsOut(below) || url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) {
    throw new ToolError("The path must stay below the API: no . or .. in it, no \\, no address.");
  }
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) url.searchParams.append(name, String(one));
  }
  return url;
}

/** Servers and proxies decode before they resolve, some of them twice. */
function leadsOut(path: string): boolean {
  let text = path;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1) {
    if (isOutside(text)) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

function isOutside(path: string): boolean {
  return (
    /[\\\p{Cc}]/u.test(path) ||
    path.startsWith("/") ||
    // Some take what follows a semicolon for a parameter of the part before it.
    path.split("/").some((part) => /^\.{1,2}(?:;|$)/.test(part))
  );
}

function decode(text: string): string {
  return text.replaceAll(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
}
