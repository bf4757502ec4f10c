import { z, type ResourceAnswer } from "mcp-plugin-server/plugin";
import { numberSchema, pathSchema, repositoryInput } from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { toBase64 } from "./base64.ts";
import { readContents } from "./contents.ts";
import { decodeText } from "./file-text.ts";
import { getIssue, listComments } from "./issues.ts";
import { NotFound } from "./refusals.ts";

const COMMENTS = 100;

/** Of what clients show by themselves. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  webp: "image/webp",
};

const placeSchema = z.object({
  ...repositoryInput,
  path: pathSchema,
  ref: z.string().min(1).max(255).optional(),
});

const issueSchema = z.object({
  ...repositoryInput,
  number: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number)
    .pipe(numberSchema),
});

/** A file, or a directory as a list of its entries. `null` when there is no such thing. */
export async function readFileResource(
  variables: Record<string, string>,
  ask: Ask,
): Promise<ResourceAnswer> {
  const place = placeSchema.safeParse(variables);
  if (!place.success) return null;
  return orNull(async () => {
    const found = await readContents(place.data, ask);
    if (found.kind === "directory") {
      const entries = found.entries.map(({ name, type }) => ({ name, type }));
      return { mimeType: "application/json", text: JSON.stringify(entries) };
    }
    const known = MIME_TYPES[/\.([a-z]+)$/i.exec(found.path)?.[1]?.toLowerCase() ?? ""];
    const text = decodeText(found.bytes);
    return text === null
      ? { mimeType: known ?? "application/octet-stream", blob: toBase64(found.bytes) }
      : { mimeType: known ?? "text/plain", text };
  });
}

/** An issue or pull request with what was said of it. `null` when there is no such thing. */
export async function readIssueResource(
  variables: Record<string, string>,
  ask: Ask,
): Promise<ResourceAnswer> {
  const parsed = issueSchema.safeParse(variables);
  if (!parsed.success) return null;
  return orNull(async () => {
    const issue = await getIssue(parsed.data, ask);
    const { comments } =
      issue.comments === 0
        ? { comments: [] }
        : await listComments({ ...parsed.data, page: 1, perPage: COMMENTS }, ask);
    const labels = issue.labels.length === 0 ? "" : `, labels: ${issue.labels.join(", ")}`;
    const left = issue.comments - comments.length;
    const parts = [
      `# ${issue.title} (#${issue.number})`,
      `${issue.state}, by ${issue.author} on ${issue.createdAt}${labels}`,
      issue.body,
      ...comments.map(({ author, createdAt, body }) => `## ${author} on ${createdAt}\n\n${body}`),
      left > 0 ? `(${left} more comments are at ${issue.url}.)` : "",
    ];
    return { mimeType: "text/markdown", text: `${parts.filter(Boolean).join("\n\n")}\n` };
  });
}

async function orNull(read: () => Promise<ResourceAnswer>): Promise<ResourceAnswer> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
