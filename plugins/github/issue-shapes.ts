import { z } from "mcp-plugin-server/plugin";
import { cut } from "./bounded-text.ts";

/** GitHub itself keeps no more than 65,536. */
const MAX_BODY_CHARS = 66_000;
/** In a list, which has up to a hundred of them. */
const MAX_COMMENT_CHARS = 10_000;

/** What people and things in issues and pull requests have in common. Accounts that are gone are `null` at GitHub. */
export const userSchema = z
  .object({ login: z.string() })
  .nullish()
  .transform((user) => user?.login ?? "ghost");

export const usersSchema = z.array(userSchema).nullish();

export const labelsSchema = z
  .array(z.union([z.string(), z.object({ name: z.string().nullish() })]))
  .nullish()
  .transform((labels) =>
    (labels ?? []).flatMap((label) => {
      const name = typeof label === "string" ? label : label.name;
      return name ? [name] : [];
    }),
  );

/** An issue at GitHub, as far as it is needed. */
export const issueSchema = z.object({
  number: z.int(),
  title: z.string(),
  state: z.string(),
  state_reason: z.string().nullish(),
  user: userSchema,
  labels: labelsSchema,
  assignees: usersSchema,
  milestone: z.object({ number: z.int(), title: z.string() }).nullish(),
  comments: z.int().nullish(),
  locked: z.boolean().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string().nullish(),
  html_url: z.string(),
  body: z.string().nullish(),
  pull_request: z.unknown().optional(),
});

export const issueOutput = z.object({
  number: z.int(),
  title: z.string(),
  state: z.string().describe("open or closed"),
  stateReason: z.string().optional().describe("Why it was closed, such as completed."),
  author: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  milestone: z.string().optional(),
  comments: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
  closedAt: z.string().optional(),
  url: z.string(),
});

export const wholeIssueOutput = issueOutput.extend({
  isPullRequest: z.boolean().describe("Then the tool get_pull_request tells more."),
  isLocked: z.boolean(),
  body: z.string().describe("Markdown."),
});

export type Issue = z.infer<typeof issueSchema>;

export function toIssue(issue: Issue): z.infer<typeof issueOutput> {
  return {
    number: issue.number,
    title: issue.title,
    state: issue.state,
    stateReason: issue.state_reason ?? undefined,
    author: issue.user,
    labels: issue.labels,
    assignees: issue.assignees ?? [],
    milestone: issue.milestone?.title,
    comments: issue.comments ?? 0,
    createdAt: issue.created_at,
    updatedAt: issue.updated_at,
    closedAt: issue.closed_at ?? undefined,
    url: issue.html_url,
  };
}

export function toWholeIssue(issue: Issue): z.infer<typeof wholeIssueOutput> {
  return {
    ...toIssue(issue),
    isPullRequest: isPullRequest(issue),
    isLocked: issue.locked ?? false,
    body: cut(issue.body ?? "", MAX_BODY_CHARS),
  };
}

/** GitHub lists both as issues. */
export function isPullRequest({ pull_request: pullRequest }: Issue): boolean {
  return pullRequest !== undefined && pullRequest !== null;
}

export const commentSchema = z.object({
  id: z.int(),
  user: userSchema,
  body: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
  html_url: z.string(),
});

export const commentOutput = z.object({
  id: z.int(),
  author: z.string(),
  body: z.string().describe("Markdown."),
  isCut: z.boolean().describe("Whether the body goes on: only its beginning is here."),
  createdAt: z.string(),
  updatedAt: z.string(),
  url: z.string(),
});

export function toComment(comment: z.infer<typeof commentSchema>): z.infer<typeof commentOutput> {
  const body = comment.body ?? "";
  return {
    id: comment.id,
    author: comment.user,
    body: cut(body, MAX_COMMENT_CHARS),
    isCut: body.length > MAX_COMMENT_CHARS,
    createdAt: comment.created_at,
    updatedAt: comment.updated_at,
    url: comment.html_url,
  };
}
