import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import { loginSchema, nameOfRepository, numberSchema, repositoryInput } from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { commentSchema, issueSchema } from "./issue-shapes.ts";
import { nameOfIssue } from "./issues.ts";
import { jsonOf } from "./read-answer.ts";

/** As much as GitHub keeps. */
const bodySchema = z.string().max(65_536);

export const createIssueInput = z.strictObject({
  ...repositoryInput,
  title: z.string().trim().min(1).max(256),
  body: bodySchema.optional().describe("Markdown."),
  labels: z.array(z.string().trim().min(1).max(100)).max(100).optional(),
  assignees: z.array(loginSchema).max(10).optional(),
  milestone: numberSchema.optional().describe("Its number."),
});

export const createIssueOutput = z.object({
  number: z.int(),
  title: z.string(),
  url: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
});

export const commentInput = z.strictObject({
  ...repositoryInput,
  number: numberSchema.describe("Of an issue or a pull request."),
  body: bodySchema.min(1).regex(/\S/, "is empty").describe("Markdown."),
});

export const commentedOutput = z.object({ id: z.int(), url: z.string(), createdAt: z.string() });

export async function createIssue(args: z.infer<typeof createIssueInput>, ask: Ask) {
  const { owner, repo, ...body } = args;
  return ask({
    path: apiPath`repos/${owner}/${repo}/issues`,
    body,
    what: `the repository ${nameOfRepository(args)}`,
    read: (...answer) => {
      // GitHub leaves out, without a word, what somebody without push access may not set.
      const issue = jsonOf(issueSchema)(...answer);
      return {
        number: issue.number,
        title: issue.title,
        url: issue.html_url,
        labels: issue.labels,
        assignees: issue.assignees ?? [],
      };
    },
  });
}

export async function commentOnIssue(args: z.infer<typeof commentInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/issues/${args.number}/comments`,
    body: { body: args.body },
    what: nameOfIssue(args),
    read: (...answer) => {
      const { id, html_url: url, created_at: createdAt } = jsonOf(commentSchema)(...answer);
      return { id, url, createdAt };
    },
  });
}
