import { ToolError } from "mcp-plugin-server/plugin";
import { ask } from "./ask.ts";
import { isGoogleType, typeOf, type FileType } from "./file-types.ts";
import type { DriveFile } from "./files.ts";
import type { FoundFile } from "./find-file.ts";
import type { DriveContext } from "./settings.ts";
import { readSheet } from "./sheets.ts";
import { decodeText, isTextType, looksLikeText, toBase64 } from "./texts.ts";

const MIB = 1024 * 1024;
/** As much as Google exports of its own documents. */
const MAX_TEXT_BYTES = 10 * MIB;
/** In base64 it must fit into one result. */
const MAX_BINARY_BYTES = 2 * MIB;
/** Google says itself when an export is too large, and counts a little differently. */
const MAX_EXPORT_BYTES = 16 * MIB;

/** Of the forms that Google can give its documents, the one that is easiest to read. */
const EXPORTS: ReadonlyMap<FileType | "other", string> = new Map([
  ["document", "text/markdown"],
  ["spreadsheet", "text/csv"],
  ["presentation", "text/plain"],
  ["drawing", "image/png"],
  ["script", "application/vnd.google-apps.script+json"],
]);

export type Format = "markdown" | "text";

export interface ReadOptions {
  /** Of a Google document; Markdown when left out. */
  readonly format?: Format | undefined;
  /** Of a Google spreadsheet; the first when left out. */
  readonly sheet?: string | undefined;
}

export type Contents = { readonly mimeType: string } & (
  | { readonly text: string; readonly sheet?: string }
  /** Base64. */
  | { readonly blob: string; readonly byteLength: number }
);

/** @throws ToolError for what has no contents, is too large, or does not go with the options */
export async function loadContents(
  found: FoundFile,
  { format, sheet }: ReadOptions,
  context: DriveContext,
): Promise<Contents> {
  const { file } = found;
  if (format !== undefined && typeOf(file.mimeType) !== "document") {
    throw new ToolError(`format is for Google documents alone, and "${file.name}" is none.`);
  }
  if (sheet !== undefined && typeOf(file.mimeType) !== "spreadsheet") {
    throw new ToolError(`sheet is for Google spreadsheets alone, and "${file.name}" is none.`);
  }
  if (sheet !== undefined) {
    const { title, csv } = await readSheet(file.id, sheet, context);
    return { mimeType: "text/csv", text: csv, sheet: title };
  }
  return isGoogleType(file.mimeType)
    ? exportFile(found, exportTypeOf(file, format), context)
    : download(found, context);
}

async function exportFile(
  { file, headers }: FoundFile,
  mimeType: string,
  context: DriveContext,
): Promise<Contents> {
  const { bytes, headers: answered } = await ask(
    {
      subject: "contents",
      path: `files/${encodeURIComponent(file.id)}/export`,
      query: { mimeType },
      headers,
      maxBytes: MAX_EXPORT_BYTES,
      tooLarge: () => tooLarge(file, MAX_EXPORT_BYTES),
    },
    context,
  );
  if (mimeType.startsWith("image/")) return toBlob(file, mimeType, bytes);
  return { mimeType, text: decodeText(bytes, answered.get("content-type")) };
}

async function download({ file, headers }: FoundFile, context: DriveContext): Promise<Contents> {
  const { mimeType } = file;
  const isText = isTextType(mimeType);
  const maxBytes = isText === false ? MAX_BINARY_BYTES : MAX_TEXT_BYTES;
  if (typeof file.size === "number" && file.size > maxBytes) throw tooLarge(file, maxBytes);
  const { bytes, headers: answered } = await ask(
    {
      subject: "contents",
      path: `files/${encodeURIComponent(file.id)}`,
      query: { alt: "media", supportsAllDrives: "true" },
      headers,
      maxBytes,
      tooLarge: () => tooLarge(file, maxBytes),
    },
    context,
  );
  if (isText === true || (isText === "maybe" && looksLikeText(bytes))) {
    return { mimeType, text: decodeText(bytes, answered.get("content-type")) };
  }
  return toBlob(file, mimeType, bytes);
}

function toBlob(file: DriveFile, mimeType: string, bytes: Uint8Array): Contents {
  if (bytes.length > MAX_BINARY_BYTES) throw tooLarge(file, MAX_BINARY_BYTES);
  return { mimeType, blob: toBase64(bytes), byteLength: bytes.length };
}

/** What Google is to make of one of its own documents. @throws ToolError for what it makes nothing of */
function exportTypeOf(file: DriveFile, format: Format | undefined): string {
  if (format === "text") return "text/plain";
  const type = typeOf(file.mimeType);
  if (type === "folder") {
    throw new ToolError(
      `"${file.name}" is a folder. Call search_files with folder "${file.id}" to see what is in it.`,
    );
  }
  const exported = EXPORTS.get(type);
  if (exported !== undefined) return exported;
  throw new ToolError(
    `"${file.name}" cannot be read: Google exports nothing of the type ${file.mimeType}.${inBrowser(file)}`,
  );
}

function tooLarge(file: DriveFile, maxBytes: number): ToolError {
  const isKnown = typeof file.size === "number" && file.size > maxBytes;
  const size = isKnown ? ` of ${toMib(file.size ?? 0)}` : "";
  const what = maxBytes === MAX_BINARY_BYTES ? "files that are no text" : "texts";
  return new ToolError(
    `"${file.name}"${size} is too large: of ${what} at most ${toMib(maxBytes)} can be read.${inBrowser(file)}`,
  );
}

function inBrowser({ webViewLink }: DriveFile): string {
  return webViewLink ? ` In the browser it opens at ${webViewLink}` : "";
}

/** Rounded up, so that what is too large looks so. */
function toMib(bytes: number): string {
  return `${Math.ceil((bytes / MIB) * 10) / 10} MiB`;
}
