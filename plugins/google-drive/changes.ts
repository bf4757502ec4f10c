import { z } from "mcp-plugin-server/plugin";
import { askJson } from "./ask.ts";
import { driveFileSchema, fileSchema, LIST_FIELDS, toFile, toLine } from "./files.ts";
import { driveIdSchema, pageTokenSchema } from "./search.ts";
import type { DriveContext } from "./settings.ts";

const MAX_CHANGES = 100;

export const changesInput = z.strictObject({
  pageToken: pageTokenSchema
    .optional()
    .describe(
      "Since when: a newStartPageToken or nextPageToken of this tool. Left out, a newStartPageToken for later is all that comes.",
    ),
  sharedDrive: driveIdSchema.optional(),
  limit: z.int().min(1).max(MAX_CHANGES).default(50),
});

export const changesOutput = z.object({
  changes: z.array(
    z.object({
      time: z.string().optional(),
      removed: z.boolean().describe("Deleted, or not to be seen any more. Then there is no file."),
      fileId: z.string().optional(),
      file: fileSchema.optional(),
      sharedDrive: z.object({ id: z.string(), name: z.string().optional() }).optional(),
    }),
  ),
  nextPageToken: z.string().optional().describe("There is more: call again with it now."),
  newStartPageToken: z
    .string()
    .optional()
    .describe("These are all: keep it, and call with it later."),
});

const startSchema = z.object({ startPageToken: pageTokenSchema });

const text = z.string().max(1_000).nullish().catch(null);

const answerSchema = z
  .object({
    changes: z
      .array(
        z.object({
          time: text,
          removed: z.boolean().nullish().catch(null),
          fileId: text,
          file: driveFileSchema.nullish(),
          driveId: text,
          drive: z.object({ name: text }).nullish().catch(null),
        }),
      )
      .max(1_000),
    nextPageToken: pageTokenSchema.nullish(),
    newStartPageToken: pageTokenSchema.nullish(),
  })
  // Otherwise nobody could ever go on.
  .refine((it) => Boolean(it.nextPageToken) || Boolean(it.newStartPageToken));

type Changes = z.infer<typeof changesOutput>;

export async function listChanges(args: z.infer<typeof changesInput>, context: DriveContext) {
  const { pageToken } = args;
  const found = await (pageToken === undefined
    ? findStart(args.sharedDrive, context)
    : findChanges({ ...args, pageToken }, context));
  const { nextPageToken, newStartPageToken, changes } = found;
  const lines = changes.map(toChangeLine);
  if (pageToken !== undefined && lines.length === 0) lines.push("Nothing has changed.");
  lines.push(
    nextPageToken === undefined
      ? `(Later changes with the page token ${newStartPageToken})`
      : `(More with the page token ${nextPageToken})`,
  );
  return { content: [{ type: "text", text: lines.join("\n") }], structuredContent: found };
}

async function findStart(driveId: string | undefined, context: DriveContext): Promise<Changes> {
  const { startPageToken } = await askJson(
    {
      subject: "changes",
      path: "changes/startPageToken",
      query: { driveId, supportsAllDrives: "true", fields: "startPageToken" },
    },
    startSchema,
    context,
  );
  return { changes: [], newStartPageToken: startPageToken };
}

async function findChanges(
  { pageToken, sharedDrive, limit }: z.infer<typeof changesInput> & { pageToken: string },
  context: DriveContext,
): Promise<Changes> {
  const answer = await askJson(
    {
      subject: "changes",
      path: "changes",
      query: {
        pageToken,
        driveId: sharedDrive,
        pageSize: String(limit),
        fields: `nextPageToken,newStartPageToken,changes(time,removed,fileId,file(${LIST_FIELDS}),driveId,drive(name))`,
        includeRemoved: "true",
        includeItemsFromAllDrives: "true",
        supportsAllDrives: "true",
      },
    },
    answerSchema,
    context,
  );
  return {
    changes: answer.changes.map(({ time, removed, fileId, file, driveId, drive }) => ({
      ...(time && { time }),
      removed: removed ?? false,
      ...(fileId && { fileId }),
      ...(file && { file: toFile(file) }),
      ...(driveId && { sharedDrive: { id: driveId, ...(drive?.name && { name: drive.name }) } }),
    })),
    ...(answer.nextPageToken
      ? { nextPageToken: answer.nextPageToken }
      : { newStartPageToken: answer.newStartPageToken ?? undefined }),
  };
}

function toChangeLine({ time, removed, fileId, file, sharedDrive }: Changes["changes"][number]) {
  const what =
    file !== undefined
      ? toLine(file)
      : fileId !== undefined
        ? `file ${fileId}`
        : `shared drive ${sharedDrive?.name ?? ""} ${sharedDrive?.id ?? ""}`;
  return `${time ?? "?"} ${removed ? "removed" : "changed"}: ${what}`;
}
