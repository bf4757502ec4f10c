import { ToolError, type ResourceContent } from "mcp-plugin-server/plugin";
import { loadContents } from "./contents.ts";
import { isFileId } from "./file-reference.ts";
import { findFile } from "./find-file.ts";
import type { DriveContext } from "./settings.ts";

/** As JSON it must fit into one result. */
const MAX_CHARS = 500_000;

export function fileUri(pluginId: string, fileId: string): string {
  return `google-drive://${pluginId}/files/${fileId}`;
}

/** A file's contents as the tool `read_file` has them, and whole. */
export async function readFileResource(
  { fileId = "" }: Record<string, string>,
  context: DriveContext,
): Promise<ResourceContent | null> {
  if (!isFileId(fileId)) return null;
  const found = await findFile(fileId, context);
  const contents = await loadContents(found, {}, context);
  const { mimeType } = contents;
  if ("blob" in contents) return { mimeType, blob: contents.blob };
  if (contents.text.length > MAX_CHARS) {
    throw new ToolError(
      `"${found.file.name}" has ${contents.text.length} characters, more than one resource holds. The tool read_file reads it in pieces.`,
    );
  }
  return { mimeType, text: contents.text };
}
