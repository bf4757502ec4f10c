import { ToolError } from "mcp-plugin-server/plugin";
import { askJson } from "./ask.ts";
import { keyHeaders, readFileReference, type FileReference } from "./file-reference.ts";
import { driveFileSchema, FILE_FIELDS, type DriveFile } from "./files.ts";
import type { DriveContext } from "./settings.ts";

export interface FoundFile {
  readonly file: DriveFile;
  /** The shortcut that led to it. */
  readonly via: DriveFile | null;
  /** What further requests about it need. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/**
 * The file behind an id or a link, and behind the shortcut that it may be.
 *
 * @throws ToolError when it is not there, or its text is neither an id nor a link
 */
export async function findFile(text: string, context: DriveContext): Promise<FoundFile> {
  const reference = readFileReference(text);
  const file = await getFile(reference, [reference], context);
  const target = file.shortcutDetails;
  if (!target) return { file, via: null, headers: keyHeaders([reference]) };
  const next = { id: target.targetId, resourceKey: target.targetResourceKey || null };
  const found = await getFile(next, [reference, next], context).catch((error: unknown) => {
    if (!(error instanceof ToolError)) throw error;
    throw new ToolError(
      `"${file.name}" is a shortcut, and what it leads to failed: ${error.message}`,
    );
  });
  if (found.shortcutDetails) {
    throw new ToolError(`"${file.name}" is a shortcut to a shortcut, which leads nowhere.`);
  }
  return { file: found, via: file, headers: keyHeaders([reference, next]) };
}

function getFile(
  { id }: FileReference,
  keys: readonly FileReference[],
  context: DriveContext,
): Promise<DriveFile> {
  return askJson(
    {
      subject: "file",
      path: `files/${encodeURIComponent(id)}`,
      query: { fields: FILE_FIELDS, supportsAllDrives: "true" },
      headers: keyHeaders(keys),
    },
    driveFileSchema,
    context,
  );
}
