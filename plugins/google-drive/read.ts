import { ToolError, z } from "mcp-plugin-server/plugin";
import { loadContents, type Contents } from "./contents.ts";
import { fileUri } from "./file-resource.ts";
import { fileReferenceSchema } from "./file-reference.ts";
import { fileSchema, toFile, type File } from "./files.ts";
import { findFile } from "./find-file.ts";
import type { DriveContext } from "./settings.ts";
import { cut } from "./texts.ts";

const MAX_CHARS = 200_000;

export const readInput = z.strictObject({
  file: fileReferenceSchema,
  format: z
    .enum(["markdown", "text"])
    .optional()
    .describe("Of a Google document: markdown, if left out."),
  sheet: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Name of a sheet of a Google spreadsheet; left out, the first."),
  offset: z.int().min(0).max(20_000_000).default(0).describe("Of a text, in characters."),
  maxChars: z.int().min(1_000).max(MAX_CHARS).default(50_000).describe("Of a text, at most."),
});

export const readOutput = z.object({
  file: fileSchema,
  mimeType: z.string().describe("Of what was read."),
  text: z.string().optional(),
  totalChars: z.int().optional().describe("Of the whole text."),
  nextOffset: z.int().optional().describe("There is more: call again with this offset."),
  sheet: z.string().optional(),
  byteLength: z.int().optional().describe("Of what is no text; it stands in the content."),
});

type ReadArguments = z.infer<typeof readInput>;

export async function read(args: ReadArguments, context: DriveContext) {
  const found = await findFile(args.file, context);
  const contents = await loadContents(found, args, context);
  const file = toFile(found.file);
  return "blob" in contents
    ? {
        content: [blobBlock(contents, fileUri(context.plugin.pluginId, file.id))],
        structuredContent: { file, mimeType: contents.mimeType, byteLength: contents.byteLength },
      }
    : answerText(file, contents, args);
}

function answerText(
  file: File,
  { mimeType, text: whole, sheet }: Extract<Contents, { text: string }>,
  { offset, maxChars }: ReadArguments,
) {
  if (offset > 0 && offset >= whole.length) {
    throw new ToolError(`The text has ${whole.length} characters, and ends before the offset.`);
  }
  const { text, end } = cut(whole, offset, maxChars);
  const notes = [
    text === "" && "(Nothing is in it.)",
    end < whole.length &&
      `(Characters ${offset} to ${end} of ${whole.length}. Call again with offset ${end} for more.)`,
    file.type === "spreadsheet" &&
      sheet === undefined &&
      "(This is the first sheet. Others can be had by their names, with sheet.)",
  ];
  return {
    content: [text, ...notes]
      .filter((part) => part !== false && part !== "")
      .map((part) => ({ type: "text", text: part })),
    structuredContent: {
      file,
      mimeType,
      text,
      totalChars: whole.length,
      ...(end < whole.length && { nextOffset: end }),
      ...(sheet !== undefined && { sheet }),
    },
  };
}

/** As clients can show it. */
function blobBlock({ mimeType, blob }: Extract<Contents, { blob: string }>, uri: string) {
  const [kind = ""] = mimeType.split("/");
  if (kind === "image" || kind === "audio") return { type: kind, data: blob, mimeType };
  return { type: "resource", resource: { uri, mimeType, blob } };
}
