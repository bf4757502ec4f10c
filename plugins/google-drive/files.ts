import { z } from "mcp-plugin-server/plugin";
import { FILE_TYPES, typeOf } from "./file-types.ts";

const MAX_DESCRIPTION = 1_000;

/** What a list asks of each file. */
export const LIST_FIELDS =
  "id,name,mimeType,size,modifiedTime,trashed,webViewLink,parents,driveId,owners(displayName,emailAddress),shortcutDetails(targetId,targetMimeType,targetResourceKey)";

/** What is asked of one file. */
export const FILE_FIELDS = `${LIST_FIELDS},createdTime,description,starred,shared,lastModifyingUser(displayName,emailAddress)`;

const text = z.string().max(10_000).nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const person = z.object({ displayName: text, emailAddress: text }).nullish().catch(null);

/** A file as Google answers it, as far as it is needed. */
export const driveFileSchema = z.object({
  id: z.string().min(1).max(200),
  name: z.string().catch(""),
  mimeType: z.string().min(1).max(300).catch("application/octet-stream"),
  /** Bytes, as text; Google's own documents have none, or one that says nothing. */
  size: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .nullish()
    .catch(null),
  createdTime: text,
  modifiedTime: text,
  description: text,
  trashed: flag,
  starred: flag,
  shared: flag,
  webViewLink: text,
  parents: z.array(z.string()).nullish().catch(null),
  driveId: text,
  owners: z.array(person).nullish().catch(null),
  lastModifyingUser: person,
  shortcutDetails: z
    .object({
      targetId: z.string().min(1).max(200),
      targetMimeType: z.string().catch("application/octet-stream"),
      targetResourceKey: text,
    })
    .nullish()
    .catch(null),
});

export type DriveFile = z.infer<typeof driveFileSchema>;

/** A file as the tools answer it. */
export const fileSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum([...FILE_TYPES, "other"]),
  mimeType: z.string(),
  size: z.int().optional().describe("Bytes."),
  createdTime: z.string().optional(),
  modifiedTime: z.string().optional(),
  description: z.string().optional(),
  owners: z.array(z.string()).optional().describe("None for a file in a shared drive."),
  lastModifiedBy: z.string().optional(),
  folders: z.array(z.string()).optional().describe("Ids of the folders that it is in."),
  sharedDrive: z.string().optional().describe("Id of the shared drive that it is in."),
  link: z.string().optional().describe("For a browser."),
  trashed: z.boolean().optional(),
  starred: z.boolean().optional(),
  shared: z.boolean().optional(),
  shortcutTo: z
    .object({ id: z.string(), type: z.enum([...FILE_TYPES, "other"]) })
    .optional()
    .describe("What a shortcut stands for."),
});

export type File = z.infer<typeof fileSchema>;

export function toFile(from: DriveFile): File {
  const owners = (from.owners ?? []).flatMap((owner) => nameOf(owner) ?? []);
  const target = from.shortcutDetails;
  const lastModifiedBy = nameOf(from.lastModifyingUser);
  return {
    id: from.id,
    name: from.name,
    type: typeOf(from.mimeType),
    mimeType: from.mimeType,
    ...(typeof from.size === "number" && { size: from.size }),
    ...(from.createdTime && { createdTime: from.createdTime }),
    ...(from.modifiedTime && { modifiedTime: from.modifiedTime }),
    ...(from.description && { description: from.description.slice(0, MAX_DESCRIPTION) }),
    ...(owners.length > 0 && { owners }),
    ...(lastModifiedBy !== null && { lastModifiedBy }),
    ...(from.parents && from.parents.length > 0 && { folders: from.parents }),
    ...(from.driveId && { sharedDrive: from.driveId }),
    ...(from.webViewLink && { link: from.webViewLink }),
    ...(from.trashed && { trashed: true }),
    ...(from.starred && { starred: true }),
    ...(typeof from.shared === "boolean" && { shared: from.shared }),
    ...(target && { shortcutTo: { id: target.targetId, type: typeOf(target.targetMimeType) } }),
  };
}

/** `Plan (spreadsheet, 2026-11-01T10:00:00.000Z) 1abc` */
export function toLine({ name, type, modifiedTime, id, trashed }: File): string {
  const facts = [type, modifiedTime, trashed && "in the trash"].filter(Boolean);
  return `${name} (${facts.join(", ")}) ${id}`;
}

function nameOf(of: z.infer<typeof person>): string | null {
  return of?.emailAddress || of?.displayName || null;
}
