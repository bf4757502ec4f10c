import { ToolError, z } from "mcp-plugin-server/plugin";

/** A file by its id, with the key that some old links need besides. */
export interface FileReference {
  readonly id: string;
  readonly resourceKey: string | null;
}

const ID = /^[A-Za-z0-9_-]{1,200}$/;
const HOSTS: ReadonlySet<string> = new Set([
  "drive.google.com",
  "docs.google.com",
  "sheets.google.com",
  "slides.google.com",
]);

export const fileReferenceSchema = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .describe("A file's id, or its link as the browser shows it.");

export function isFileId(text: string): boolean {
  return ID.test(text);
}

/** @throws ToolError for what is neither an id nor a link to a file */
export function readFileReference(text: string): FileReference {
  if (isFileId(text)) return { id: text, resourceKey: null };
  const url = URL.parse(text);
  const id = url !== null && HOSTS.has(url.hostname) ? idOf(url) : null;
  if (url === null || id === null) {
    throw new ToolError(
      "That is neither the id of a file in Google Drive nor a link to one. The tool search_files tells ids.",
    );
  }
  const key = url.searchParams.get("resourcekey") ?? "";
  return { id, resourceKey: isFileId(key) ? key : null };
}

/** The header without which some files that are shared by a link are not found. */
export function keyHeaders(
  references: readonly FileReference[],
): Readonly<Record<string, string>> | undefined {
  const keys = references.flatMap(({ id, resourceKey }) =>
    resourceKey !== null && isFileId(id) && isFileId(resourceKey) ? [`${id}/${resourceKey}`] : [],
  );
  return keys.length === 0 ? undefined : { "x-goog-drive-resource-keys": keys.join(",") };
}

/** Out of `/document/d/ID/edit`, `/file/d/ID/view`, `/drive/folders/ID` and `/open?id=ID`. */
function idOf(url: URL): string | null {
  const parts = url.pathname.split("/");
  const at = parts.findIndex((part) => part === "d" || part === "folders");
  const id = at === -1 ? url.searchParams.get("id") : parts[at + 1];
  // What was published to the web (/d/e/…) has no id.
  return id !== undefined && id !== null && id !== "e" && isFileId(id) ? id : null;
}
