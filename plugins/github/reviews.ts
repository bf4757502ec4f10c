import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./bounded-text.ts";
import { commentOutput, commentSchema, toComment, userSchema } from "./issue-shapes.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { nameOfPullRequest, pullRequestInput } from "./pull-requests.ts";
import { jsonOf } from "./read-answer.ts";

const MAX_BODY_CHARS = 10_000;
const MAX_HUNK_CHARS = 1_000;

export const listReviewsInput = pullRequestInput.extend(pageInput);

export const listReviewsOutput = z.object({
  reviews: z.array(
    z.object({
      id: z.int(),
      author: z.string(),
      state: z.string().describe("APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING"),
      body: z.string().describe("Markdown."),
      commit: z.string().optional().describe("What was looked at."),
      submittedAt: z.string().optional(),
      url: z.string(),
    }),
  ),
  ...pageOutput,
});

export const listReviewCommentsOutput = z.object({
  comments: z.array(
    commentOutput.extend({
      path: z.string(),
      line: z.int().optional().describe("Left out where the line is there no more."),
      hunk: z.string().describe("The end of the piece of the diff that it stands at."),
      replyTo: z.int().optional().describe("The id of the comment that it answers."),
    }),
  ),
  ...pageOutput,
});

/** A review at GitHub, as far as it is needed. */
const reviewSchema = z.object({
  id: z.int(),
  user: userSchema,
  state: z.string(),
  body: z.string().nullish(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
  html_url: z.string(),
});

const reviewCommentSchema = commentSchema.extend({
  path: z.string(),
  line: z.int().nullish(),
  diff_hunk: z.string().nullish(),
  in_reply_to_id: z.int().nullish(),
});

export async function listReviews(args: z.infer<typeof listReviewsInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/pulls/${args.number}/reviews`,
    query: pageQuery(args),
    what: nameOfPullRequest(args),
    read: (answer, token) => ({
      reviews: jsonOf(z.array(reviewSchema))(answer, token).map((review) => ({
        id: review.id,
        author: review.user,
        state: review.state,
        body: cut(review.body ?? "", MAX_BODY_CHARS),
        commit: review.commit_id ?? undefined,
        submittedAt: review.submitted_at ?? undefined,
        url: review.html_url,
      })),
      ...readNext(answer),
    }),
  });
}

/** What reviewers say of single lines. */
export async function listReviewComments(args: z.infer<typeof listReviewsInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}/pulls/${args.number}/comments`,
    query: pageQuery(args),
    what: nameOfPullRequest(args),
    read: (answer, token) => ({
      comments: jsonOf(z.array(reviewCommentSchema))(answer, token).map((comment) => ({
        ...toComment(comment),
        path: comment.path,
        line: comment.line ?? undefined,
        hunk: (comment.diff_hunk ?? "").slice(-MAX_HUNK_CHARS).toWellFormed(),
        replyTo: comment.in_reply_to_id ?? undefined,
      })),
      ...readNext(answer),
    }),
  });
}
