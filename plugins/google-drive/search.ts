import { ToolError, z } from "mcp-plugin-server/plugin";
import { askJson } from "./ask.ts";
import { keyHeaders, readFileReference } from "./file-reference.ts";
import { FILE_TYPES } from "./file-types.ts";
import { driveFileSchema, fileSchema, LIST_FIELDS, toFile, toLine } from "./files.ts";
import { speaksOf, toQuery } from "./query.ts";
import type { DriveContext } from "./settings.ts";

const MAX_FILES = 100;
const ORDERS = { modified: "modifiedTime desc", created: "createdTime desc", name: "name_natural" };

/** With its offset, because nobody knows in which zone the server is. */
const momentSchema = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/,
    "is neither a date nor a date-time with its offset",
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), "is not a date");

export const driveIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,200}$/, "is not an id")
  .describe("Id of a shared drive, to look there alone.");

export const pageTokenSchema = z.string().min(1).max(8_192);

export const searchInput = z
  .strictObject({
    text: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .describe("Words in the name, the contents or the description; in double quotes a phrase."),
    name: z.string().trim().min(1).max(500).optional().describe("How a word of the name begins."),
    type: z
      .enum(FILE_TYPES)
      .optional()
      .describe("document, spreadsheet, presentation, drawing, form and script are Google's own."),
    folder: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .optional()
      .describe("What lies directly in this folder: its id or link; root is My Drive."),
    owner: z.string().trim().min(1).max(320).optional().describe("An e-mail address, or me."),
    modifiedAfter: momentSchema.optional().describe("2026-01-31, or 2026-01-31T09:00:00+01:00."),
    modifiedBefore: momentSchema.optional(),
    query: z
      .string()
      .trim()
      .min(1)
      .max(4_000)
      .optional()
      .describe("In the Drive API's own language, such as: sharedWithMe and starred = true."),
    sharedDrive: driveIdSchema.optional(),
    includeTrashed: z.boolean().default(false),
    orderBy: z
      .enum(["modified", "created", "name"])
      .optional()
      .describe("Left out: by relevance with text, otherwise the last modified first."),
    limit: z.int().min(1).max(MAX_FILES).default(20),
    pageToken: pageTokenSchema
      .optional()
      .describe("The nextPageToken of the same search, for what comes after."),
  })
  .refine(({ text, orderBy }) => text === undefined || orderBy === undefined, {
    error: "What is found by text comes by relevance: leave out orderBy.",
  });

export const searchOutput = z.object({
  files: z.array(fileSchema),
  nextPageToken: z.string().optional().describe("There is more: call again with it."),
  incomplete: z
    .boolean()
    .optional()
    .describe("Google did not look everywhere: name a sharedDrive or a folder."),
});

const answerSchema = z.object({
  files: z.array(driveFileSchema).max(1_000),
  nextPageToken: pageTokenSchema.nullish(),
  incompleteSearch: z.boolean().nullish().catch(null),
});

export async function search(args: z.infer<typeof searchInput>, context: DriveContext) {
  const { sharedDrive, orderBy, limit, pageToken, query } = args;
  const folder = args.folder === undefined ? null : readFileReference(args.folder);
  if (args.owner !== undefined && sharedDrive !== undefined) {
    throw new ToolError("The files of a shared drive have no owners: leave out owner.");
  }
  // Google refuses to sort what it has found by text.
  const isByRelevance = args.text !== undefined || speaksOf(query ?? "", "fullText");
  const order = orderBy ?? (isByRelevance ? undefined : "modified");
  const answer = await askJson(
    {
      subject: "search",
      path: "files",
      query: {
        q: toQuery({ ...args, folder: folder?.id }),
        pageSize: String(limit),
        pageToken,
        orderBy: order && ORDERS[order],
        fields: `nextPageToken,incompleteSearch,files(${LIST_FIELDS})`,
        // Otherwise nothing of a shared drive is found that the account has not opened yet.
        corpora: sharedDrive === undefined ? "allDrives" : "drive",
        driveId: sharedDrive,
        includeItemsFromAllDrives: "true",
        supportsAllDrives: "true",
      },
      headers: folder === null ? undefined : keyHeaders([folder]),
    },
    answerSchema,
    context,
  );
  const files = answer.files.map(toFile);
  const lines = files.map(toLine);
  if (files.length === 0) lines.push(answer.nextPageToken ? "Nothing so far." : "Nothing found.");
  if (answer.nextPageToken) lines.push(`(More with the page token ${answer.nextPageToken})`);
  if (answer.incompleteSearch) lines.push("(Google did not look everywhere.)");
  return {
    content: [{ type: "text", text: lines.join("\n") }],
    structuredContent: {
      files,
      ...(answer.nextPageToken && { nextPageToken: answer.nextPageToken }),
      ...(answer.incompleteSearch && { incomplete: true }),
    },
  };
}
