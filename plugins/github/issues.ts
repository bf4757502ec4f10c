import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import {
  directionSchema,
  loginSchema,
  nameOfRepository,
  numberSchema,
  repositoryInput,
  type RepositoryName,
} from "./arguments.ts";
import type { Ask } from "./ask.ts";
import {
  commentOutput,
  commentSchema,
  isPullRequest,
  issueOutput,
  issueSchema,
  toComment,
  toIssue,
  toWholeIssue,
  wholeIssueOutput,
} from "./issue-shapes.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { jsonOf } from "./read-answer.ts";

/** A label with a comma would be two. */
const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^,]*$/, "has a comma");

const sinceSchema = z.iso.datetime({ offset: true });

export const listIssuesInput = z.strictObject({
  ...repositoryInput,
  state: z.enum(["open", "closed", "all"]).default("open"),
  labels: z.array(labelSchema).min(1).max(20).optional().describe("Those that have all of them."),
  assignee: loginSchema.optional(),
  author: loginSchema.optional(),
  mentioned: loginSchema.optional(),
  since: sinceSchema.optional().describe("Changed since, such as 2026-01-31T00:00:00Z."),
  sort: z.enum(["created", "updated", "comments"]).default("created"),
  direction: directionSchema,
  ...pageInput,
  after: z
    .string()
    .regex(/^[A-Za-z0-9+/=:_-]{1,300}$/, "is no nextAfter")
    .optional()
    .describe("The nextAfter of the page before, where there was one; it goes with nextPage."),
});

export const listIssuesOutput = z.object({
  issues: z.array(issueOutput),
  leftOut: z.int().describe("Pull requests of this page, which GitHub counts as issues."),
  ...pageOutput,
  nextAfter: z.string().optional().describe("Give this as after, beside nextPage."),
});

export const getIssueInput = z.strictObject({ ...repositoryInput, number: numberSchema });
export const getIssueOutput = wholeIssueOutput;

export const listCommentsInput = z.strictObject({
  ...repositoryInput,
  number: numberSchema.describe("Of an issue or a pull request."),
  since: sinceSchema.optional().describe("Changed since, such as 2026-01-31T00:00:00Z."),
  ...pageInput,
});

export const listCommentsOutput = z.object({ comments: z.array(commentOutput), ...pageOutput });

export async function listIssues(args: z.infer<typeof listIssuesInput>, ask: Ask) {
  const { owner, repo, state, labels, assignee, author, mentioned, since, sort, direction } = args;
  return ask({
    path: apiPath`repos/${owner}/${repo}/issues`,
    query: {
      state,
      sort,
      direction,
      assignee,
      mentioned,
      since,
      labels: labels?.join(","),
      creator: author,
      after: args.after,
      ...pageQuery(args),
    },
    what: `the repository ${nameOfRepository(args)}`,
    read: (answer, token) => {
      const found = jsonOf(z.array(issueSchema))(answer, token);
      const issues = found.filter((issue) => !isPullRequest(issue)).map(toIssue);
      return { issues, leftOut: found.length - issues.length, ...readNext(answer) };
    },
  });
}

export async function getIssue(args: z.infer<typeof getIssueInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/issues/${args.number}`,
    what: nameOfIssue(args),
    read: (...answer) => toWholeIssue(jsonOf(issueSchema)(...answer)),
  });
}

export async function listComments(args: z.infer<typeof listCommentsInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/issues/${args.number}/comments`,
    query: { since: args.since, ...pageQuery(args) },
    what: nameOfIssue(args),
    read: (answer, token) => ({
      comments: jsonOf(z.array(commentSchema))(answer, token).map(toComment),
      ...readNext(answer),
    }),
  });
}

export function nameOfIssue(args: RepositoryName & { readonly number: number }): string {
  return `the issue ${nameOfRepository(args)}#${args.number}`;
}
