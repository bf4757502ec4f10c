import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import {
  directionSchema,
  nameOfRepository,
  numberSchema,
  repositoryInput,
  type RepositoryName,
} from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./bounded-text.ts";
import { labelsSchema, userSchema, usersSchema } from "./issue-shapes.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { jsonOf } from "./read-answer.ts";

const MAX_BODY_CHARS = 66_000;

const branchSchema = z.string().trim().min(1).max(255);

export const pullRequestInput = z.strictObject({ ...repositoryInput, number: numberSchema });

export const listPullRequestsInput = z.strictObject({
  ...repositoryInput,
  state: z.enum(["open", "closed", "all"]).default("open"),
  base: branchSchema.optional().describe("The branch that they are to be merged into."),
  head: branchSchema
    .regex(/^[^:]+:[^:]+$/, "is not owner:branch")
    .optional()
    .describe("The branch that they come from, as owner:branch."),
  sort: z.enum(["created", "updated", "popularity", "long-running"]).default("created"),
  direction: directionSchema,
  ...pageInput,
});

const pullRequestOutput = z.object({
  number: z.int(),
  title: z.string(),
  state: z.string().describe("open or closed"),
  isDraft: z.boolean(),
  isMerged: z.boolean(),
  author: z.string(),
  base: z.string().describe("The branch that it is to be merged into."),
  head: z.string().describe("The branch that it comes from, as owner:branch."),
  headSha: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  reviewers: z.array(z.string()).describe("Who was asked to review and has not yet."),
  createdAt: z.string(),
  updatedAt: z.string(),
  mergedAt: z.string().optional(),
  closedAt: z.string().optional(),
  url: z.string(),
});

export const listPullRequestsOutput = z.object({
  pullRequests: z.array(pullRequestOutput),
  ...pageOutput,
});

const count = z.int().optional();

export const getPullRequestOutput = pullRequestOutput.extend({
  body: z.string().describe("Markdown."),
  mergeable: z.boolean().optional().describe("Left out while GitHub does not know it yet."),
  mergeableState: z.string().optional().describe("Such as clean, dirty, blocked or behind."),
  mergedBy: z.string().optional(),
  commits: count,
  additions: count,
  deletions: count,
  changedFiles: count,
  comments: count,
  reviewComments: count,
});

/** A pull request at GitHub, as far as it is needed. */
const pullRequestSchema = z.object({
  number: z.int(),
  title: z.string(),
  state: z.string(),
  draft: z.boolean().nullish(),
  user: userSchema,
  base: z.object({ ref: z.string() }),
  head: z.object({ label: z.string().nullish(), ref: z.string(), sha: z.string() }),
  labels: labelsSchema,
  assignees: usersSchema,
  requested_reviewers: usersSchema,
  created_at: z.string(),
  updated_at: z.string(),
  merged_at: z.string().nullish(),
  closed_at: z.string().nullish(),
  html_url: z.string(),
  body: z.string().nullish(),
});

const wholeSchema = pullRequestSchema.extend({
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().nullish(),
  merged_by: z.object({ login: z.string() }).nullish(),
  commits: z.int().nullish(),
  additions: z.int().nullish(),
  deletions: z.int().nullish(),
  changed_files: z.int().nullish(),
  comments: z.int().nullish(),
  review_comments: z.int().nullish(),
});

export async function listPullRequests(args: z.infer<typeof listPullRequestsInput>, ask: Ask) {
  const { owner, repo, state, base, head, sort, direction } = args;
  return ask({
    path: apiPath`repos/${owner}/${repo}/pulls`,
    query: { state, base, head, sort, direction, ...pageQuery(args) },
    what: `the repository ${nameOfRepository(args)}`,
    read: (answer, token) => ({
      pullRequests: jsonOf(z.array(pullRequestSchema))(answer, token).map(toPullRequest),
      ...readNext(answer),
    }),
  });
}

export async function getPullRequest(args: z.infer<typeof pullRequestInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/pulls/${args.number}`,
    what: nameOfPullRequest(args),
    read: (...answer) => {
      const whole = jsonOf(wholeSchema)(...answer);
      return {
        ...toPullRequest(whole),
        body: cut(whole.body ?? "", MAX_BODY_CHARS),
        mergeable: whole.mergeable ?? undefined,
        mergeableState: whole.mergeable_state ?? undefined,
        mergedBy: whole.merged_by?.login,
        commits: whole.commits ?? undefined,
        additions: whole.additions ?? undefined,
        deletions: whole.deletions ?? undefined,
        changedFiles: whole.changed_files ?? undefined,
        comments: whole.comments ?? undefined,
        reviewComments: whole.review_comments ?? undefined,
      };
    },
  });
}

export function nameOfPullRequest(args: RepositoryName & { readonly number: number }): string {
  return `the pull request ${nameOfRepository(args)}#${args.number}`;
}

function toPullRequest(pull: z.infer<typeof pullRequestSchema>) {
  return {
    number: pull.number,
    title: pull.title,
    state: pull.state,
    isDraft: pull.draft ?? false,
    isMerged: typeof pull.merged_at === "string",
    author: pull.user,
    base: pull.base.ref,
    head: pull.head.label ?? pull.head.ref,
    headSha: pull.head.sha,
    labels: pull.labels,
    assignees: pull.assignees ?? [],
    reviewers: pull.requested_reviewers ?? [],
    createdAt: pull.created_at,
    updatedAt: pull.updated_at,
    mergedAt: pull.merged_at ?? undefined,
    closedAt: pull.closed_at ?? undefined,
    url: pull.html_url,
  };
}
