import { ToolError, z } from "mcp-plugin-server/plugin";
import { pathSchema, refInput, repositoryInput } from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { readContents } from "./contents.ts";
import { cutLines, decodeText } from "./file-text.ts";

export const getFileInput = z.strictObject({
  ...repositoryInput,
  path: pathSchema.describe("In the repository, such as src/index.ts."),
  ...refInput,
  startLine: z.int().min(1).max(10_000_000).default(1).describe("The first is 1."),
  endLine: z.int().min(1).max(10_000_000).optional().describe("Left out: to the end."),
});

export const getFileOutput = z.object({
  path: z.string(),
  sha: z.string(),
  size: z.int().describe("Bytes of the whole file."),
  url: z.string().optional(),
  text: z.string().describe("200,000 characters at most."),
  startLine: z.int(),
  endLine: z.int().describe("The last line that is here; it may be cut."),
  totalLines: z.int(),
  nextLine: z.int().optional().describe("Ask with this as startLine for the next part."),
  isCut: z.boolean().describe("Whether the last line goes on."),
});

export const listDirectoryInput = z.strictObject({
  ...repositoryInput,
  path: pathSchema.default([]).describe("In the repository. Left out: its root."),
  ...refInput,
});

export const listDirectoryOutput = z.object({
  path: z.string(),
  entries: z.array(
    z.object({
      name: z.string(),
      type: z.string().describe("file, dir, symlink or submodule"),
      size: z.int().optional().describe("Bytes of a file."),
      sha: z.string(),
    }),
  ),
  isIncomplete: z.boolean().describe("GitHub lists the first 1000 alone."),
});

/** As many as GitHub lists. */
const MAX_ENTRIES = 1_000;

export async function getFile(args: z.infer<typeof getFileInput>, ask: Ask) {
  const { startLine, endLine } = args;
  if (endLine !== undefined && endLine < startLine) {
    throw new ToolError("endLine is before startLine.");
  }
  const found = await readContents(args, ask);
  if (found.kind === "directory") {
    throw new ToolError(`"${found.path}" is a directory. The tool list_directory lists it.`);
  }
  const { path, sha, url, bytes } = found;
  const text = decodeText(bytes);
  if (text === null) {
    throw new ToolError(
      `"${path}" is no text (${bytes.length} bytes).${url === null ? "" : ` It is at ${url}.`}`,
    );
  }
  const part = cutLines(text, startLine, endLine);
  if (part === null) throw new ToolError(`"${path}" has no line ${startLine}.`);
  return {
    content: [{ type: "text", text: part.text === "" ? "(Nothing.)" : part.text }],
    structuredContent: { path, sha, size: bytes.length, ...(url !== null && { url }), ...part },
  };
}

export async function listDirectory(args: z.infer<typeof listDirectoryInput>, ask: Ask) {
  const found = await readContents(args, ask);
  if (found.kind === "file") {
    throw new ToolError(`"${found.path}" is a file. The tool get_file reads it.`);
  }
  const { path, entries } = found;
  return {
    path,
    entries: entries.map(({ name, type, size, sha }) => ({
      name,
      type,
      size: type === "file" ? (size ?? undefined) : undefined,
      sha,
    })),
    isIncomplete: entries.length >= MAX_ENTRIES,
  };
}
