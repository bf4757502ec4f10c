import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./bounded-text.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { nameOfPullRequest, pullRequestInput } from "./pull-requests.ts";
import { jsonOf } from "./read-answer.ts";
import { toText } from "./request.ts";

const DIFF_TYPE = "application/vnd.github.diff";
const MAX_PATCH_CHARS = 20_000;
const MAX_PATCHES_CHARS = 300_000;
const MAX_DIFF_CHARS = 200_000;

export const listFilesInput = pullRequestInput.extend(pageInput);

export const listFilesOutput = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      previousPath: z.string().optional(),
      status: z.string().describe("added, modified, removed, renamed, copied or unchanged"),
      additions: z.int(),
      deletions: z.int(),
      patch: z.string().optional().describe("Left out where GitHub has none, as for binary files."),
      isCut: z.boolean().describe("Whether the patch goes on; the whole diff has the rest."),
    }),
  ),
  ...pageOutput,
});

export const getDiffInput = pullRequestInput.extend({
  offset: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe("The nextOffset of the part before; it counts characters."),
});

export const getDiffOutput = z.object({
  diff: z.string().describe("Unified diff, 200,000 characters at most."),
  length: z.int().describe("Characters of the whole."),
  nextOffset: z.int().optional().describe("Ask with this for the next part."),
});

/** A changed file at GitHub, as far as it is needed. */
const fileSchema = z.object({
  filename: z.string(),
  previous_filename: z.string().nullish(),
  status: z.string(),
  additions: z.int(),
  deletions: z.int(),
  patch: z.string().nullish(),
});

export async function listFiles(args: z.infer<typeof listFilesInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/pulls/${args.number}/files`,
    query: pageQuery(args),
    what: nameOfPullRequest(args),
    read: (answer, token) => {
      let left = MAX_PATCHES_CHARS;
      const files = jsonOf(z.array(fileSchema))(answer, token).map((file) => {
        const patch = file.patch && cut(file.patch, Math.min(left, MAX_PATCH_CHARS));
        left -= patch?.length ?? 0;
        return {
          path: file.filename,
          previousPath: file.previous_filename ?? undefined,
          status: file.status,
          additions: file.additions,
          deletions: file.deletions,
          patch: patch || undefined,
          isCut: (patch ?? "").length < (file.patch ?? "").length,
        };
      });
      return { files, ...readNext(answer) };
    },
  });
}

export async function getDiff(args: z.infer<typeof getDiffInput>, ask: Ask) {
  const { offset } = args;
  const whole = await ask({
    path: apiPath`repos/${args.owner}/${args.repo}/pulls/${args.number}`,
    accept: DIFF_TYPE,
    what: `${nameOfPullRequest(args)}, as a diff,`,
    read: toText,
  });
  const diff = cut(whole.slice(offset), MAX_DIFF_CHARS);
  const next = offset + diff.length;
  return {
    content: [{ type: "text", text: diff === "" ? "(Nothing.)" : diff }],
    structuredContent: {
      diff,
      length: whole.length,
      ...(next < whole.length && { nextOffset: next }),
    },
  };
}
