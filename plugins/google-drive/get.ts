import { z } from "mcp-plugin-server/plugin";
import { fileReferenceSchema } from "./file-reference.ts";
import { fileSchema, toFile, toLine } from "./files.ts";
import { findFile } from "./find-file.ts";
import type { DriveContext } from "./settings.ts";

export const getInput = z.strictObject({ file: fileReferenceSchema });

export const getOutput = z.object({
  file: fileSchema,
  shortcut: z
    .object({ id: z.string(), name: z.string() })
    .optional()
    .describe("The shortcut that led to the file."),
});

export async function get({ file: text }: z.infer<typeof getInput>, context: DriveContext) {
  const { file: found, via } = await findFile(text, context);
  const file = toFile(found);
  return {
    content: [{ type: "text", text: [toLine(file), file.link].filter(Boolean).join("\n") }],
    structuredContent: { file, ...(via && { shortcut: { id: via.id, name: via.name } }) },
  };
}
