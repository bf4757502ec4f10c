import { definePlugin } from "mcp-plugin-server/plugin";
import { askFor, type Ask } from "./ask.ts";
import { AUTH } from "./auth.ts";
import { createClient, type Context } from "./client.ts";
import { searchCode, searchCodeInput, searchCodeOutput } from "./code-search.ts";
import * as files from "./files.ts";
import * as changes from "./issue-changes.ts";
import * as issues from "./issues.ts";
import * as diffs from "./pull-request-changes.ts";
import * as pulls from "./pull-requests.ts";
import * as repositories from "./repositories.ts";
import { readFileResource, readIssueResource } from "./resources.ts";
import * as reviews from "./reviews.ts";
import { settingsSchema } from "./settings.ts";

/** They change nothing, and ask a service on the internet. */
const READS = { readOnlyHint: true, openWorldHint: true };
/** They add something each time, and take nothing away. */
const ADDS = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
};

/**
 * Repositories, issues, pull requests and files of GitHub: the example of a plugin with an OAuth account. A function,
 * because each plugin object has a cache that it shares with nobody.
 */
export default function createGithubPlugin() {
  const client = createClient();
  const by =
    <Args, Result>(run: (args: Args, ask: Ask) => Promise<Result>) =>
    (args: Args, context: Context): Promise<Result> =>
      run(args, askFor(client, context));

  return definePlugin({
    name: "github",
    version: "1.0.0",
    description:
      "Reads repositories, issues, pull requests and files of GitHub, and writes issues.",
    auth: AUTH,
    config: settingsSchema,
    tools: {
      list_repositories: {
        title: "List repositories",
        description:
          "Lists repositories: those of this account, or of a user or organization, the last pushed to first.",
        annotations: READS,
        input: repositories.listRepositoriesInput,
        output: repositories.listRepositoriesOutput,
        handler: by(repositories.listRepositories),
      },
      search_repositories: {
        title: "Search repositories",
        description: "Searches all of GitHub for repositories.",
        annotations: READS,
        input: repositories.searchRepositoriesInput,
        output: repositories.searchRepositoriesOutput,
        handler: by(repositories.searchRepositories),
      },
      get_repository: {
        title: "Get a repository",
        description: "Tells about a repository: its default branch, language, license and numbers.",
        annotations: READS,
        input: repositories.getRepositoryInput,
        output: repositories.getRepositoryOutput,
        handler: by(repositories.getRepository),
      },
      list_issues: {
        title: "List issues",
        description:
          "Lists issues of a repository without their texts, the newest first. Pull requests are left out.",
        annotations: READS,
        input: issues.listIssuesInput,
        output: issues.listIssuesOutput,
        handler: by(issues.listIssues),
      },
      get_issue: {
        title: "Get an issue",
        description: "Reads an issue with its text. The tool list_comments has its comments.",
        annotations: READS,
        input: issues.getIssueInput,
        output: issues.getIssueOutput,
        handler: by(issues.getIssue),
      },
      list_comments: {
        title: "List comments",
        description: "Lists the comments of an issue or pull request, the oldest first.",
        annotations: READS,
        input: issues.listCommentsInput,
        output: issues.listCommentsOutput,
        handler: by(issues.listComments),
      },
      create_issue: {
        title: "Create an issue",
        description:
          "Creates an issue. Labels, assignees and milestones need write access; without it GitHub leaves them out.",
        annotations: ADDS,
        input: changes.createIssueInput,
        output: changes.createIssueOutput,
        handler: by(changes.createIssue),
      },
      comment_on_issue: {
        title: "Comment on an issue",
        description: "Writes a comment under an issue or pull request.",
        annotations: ADDS,
        input: changes.commentInput,
        output: changes.commentedOutput,
        handler: by(changes.commentOnIssue),
      },
      list_pull_requests: {
        title: "List pull requests",
        description: "Lists pull requests of a repository without their texts, the newest first.",
        annotations: READS,
        input: pulls.listPullRequestsInput,
        output: pulls.listPullRequestsOutput,
        handler: by(pulls.listPullRequests),
      },
      get_pull_request: {
        title: "Get a pull request",
        description:
          "Reads a pull request with its text, its numbers and whether it can be merged.",
        annotations: READS,
        input: pulls.pullRequestInput,
        output: pulls.getPullRequestOutput,
        handler: by(pulls.getPullRequest),
      },
      list_pull_request_files: {
        title: "List the files of a pull request",
        description: "Lists the files that a pull request changes, each with its patch.",
        annotations: READS,
        input: diffs.listFilesInput,
        output: diffs.listFilesOutput,
        handler: by(diffs.listFiles),
      },
      get_pull_request_diff: {
        title: "Get the diff of a pull request",
        description:
          "Reads all that a pull request changes as one diff, in parts. For one with very many files, list_pull_request_files.",
        annotations: READS,
        input: diffs.getDiffInput,
        output: diffs.getDiffOutput,
        handler: by(diffs.getDiff),
      },
      list_reviews: {
        title: "List reviews",
        description: "Lists the reviews of a pull request: who approved it or wants changes.",
        annotations: READS,
        input: reviews.listReviewsInput,
        output: reviews.listReviewsOutput,
        handler: by(reviews.listReviews),
      },
      list_review_comments: {
        title: "List comments of reviews",
        description: "Lists what reviewers say of single lines of a pull request.",
        annotations: READS,
        input: reviews.listReviewsInput,
        output: reviews.listReviewCommentsOutput,
        handler: by(reviews.listReviewComments),
      },
      search_code: {
        title: "Search code",
        description: "Searches code for words, in all of GitHub or in what the qualifiers name.",
        annotations: READS,
        input: searchCodeInput,
        output: searchCodeOutput,
        handler: by(searchCode),
      },
      get_file: {
        title: "Get a file",
        description: "Reads a text file of a repository, or some lines of it.",
        annotations: READS,
        input: files.getFileInput,
        output: files.getFileOutput,
        handler: by(files.getFile),
      },
      list_directory: {
        title: "List a directory",
        description: "Lists the files and directories in a directory of a repository.",
        annotations: READS,
        input: files.listDirectoryInput,
        output: files.listDirectoryOutput,
        handler: by(files.listDirectory),
      },
    },
    // What has a ref comes first: a path could have its "?" in itself.
    resourceTemplates: {
      file_at_ref: {
        title: "A file at a branch, tag or commit",
        uriTemplate: ({ pluginId }) =>
          `github://${pluginId}/repos/{owner}/{repo}/contents/{+path}{?ref}`,
        read: by(readFileResource),
      },
      file: {
        title: "A file",
        uriTemplate: ({ pluginId }) => `github://${pluginId}/repos/{owner}/{repo}/contents/{+path}`,
        read: by(readFileResource),
      },
      issue: {
        title: "An issue or pull request with its comments",
        mimeType: "text/markdown",
        uriTemplate: ({ pluginId }) => `github://${pluginId}/repos/{owner}/{repo}/issues/{number}`,
        read: by(readIssueResource),
      },
    },
  });
}
