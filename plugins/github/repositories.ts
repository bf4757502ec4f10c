import { ToolError, z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import { loginSchema, nameOfRepository, repositoryInput } from "./arguments.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./bounded-text.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { jsonOf } from "./read-answer.ts";

const MAX_DESCRIPTION_CHARS = 1_000;
const MAX_TOPICS = 50;

const repositoryOutput = z.object({
  fullName: z.string().describe("owner/repo"),
  description: z.string().optional(),
  isPrivate: z.boolean(),
  isFork: z.boolean(),
  isArchived: z.boolean().describe("Nothing in it can be changed."),
  defaultBranch: z.string(),
  language: z.string().optional(),
  stars: z.int(),
  forks: z.int(),
  openIssues: z.int().describe("With the open pull requests."),
  topics: z.array(z.string()),
  license: z.string().optional().describe("As SPDX calls it."),
  url: z.string(),
  pushedAt: z.string().optional(),
  canPush: z.boolean().optional().describe("Whether this account may write to it."),
});

export const getRepositoryInput = z.strictObject(repositoryInput);
export const getRepositoryOutput = repositoryOutput;

export const listRepositoriesInput = z
  .strictObject({
    user: loginSchema.optional().describe("Whose public repositories."),
    organization: loginSchema.optional().describe("Whose repositories, as far as one sees them."),
    sort: z.enum(["created", "updated", "pushed", "full_name"]).default("pushed"),
    ...pageInput,
  })
  .refine(({ user, organization }) => user === undefined || organization === undefined, {
    error: "Give one of user and organization, or none for the account's own.",
  });

export const listRepositoriesOutput = z.object({
  repositories: z.array(repositoryOutput),
  ...pageOutput,
});

export const searchRepositoriesInput = z.strictObject({
  query: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .describe("Words and qualifiers, such as: compiler language:rust stars:>100"),
  sort: z
    .enum(["best-match", "stars", "forks", "help-wanted-issues", "updated"])
    .default("best-match"),
  ...pageInput,
});

export const searchRepositoriesOutput = z.object({
  repositories: z.array(repositoryOutput),
  total: z.int().describe("How many match; the first 1000 can be had."),
  isIncomplete: z.boolean().describe("GitHub ran out of time: there may be more."),
  ...pageOutput,
});

const count = z.int().min(0).nullish();

/** What GitHub says of a repository, as far as it is needed. */
const repositorySchema = z.object({
  full_name: z.string(),
  description: z.string().nullish(),
  private: z.boolean(),
  fork: z.boolean().nullish(),
  archived: z.boolean().nullish(),
  default_branch: z.string(),
  language: z.string().nullish(),
  stargazers_count: count,
  forks_count: count,
  open_issues_count: count,
  topics: z.array(z.string()).nullish(),
  license: z.object({ spdx_id: z.string().nullish() }).nullish(),
  html_url: z.string(),
  pushed_at: z.string().nullish(),
  permissions: z.object({ push: z.boolean().nullish() }).nullish(),
});

const foundSchema = z.object({
  total_count: z.int().min(0),
  incomplete_results: z.boolean(),
  items: z.array(repositorySchema),
});

export async function getRepository(args: z.infer<typeof getRepositoryInput>, ask: Ask) {
  return ask({
    path: apiPath`repos/${args.owner}/${args.repo}`,
    what: `the repository ${nameOfRepository(args)}`,
    read: (...answer) => toRepository(jsonOf(repositorySchema)(...answer)),
  });
}

export async function listRepositories(args: z.infer<typeof listRepositoriesInput>, ask: Ask) {
  const { user, organization, sort } = args;
  return ask({
    path:
      user !== undefined
        ? apiPath`users/${user}/repos`
        : organization !== undefined
          ? apiPath`orgs/${organization}/repos`
          : apiPath`user/repos`,
    query: { sort, ...pageQuery(args) },
    what:
      user !== undefined
        ? `the user ${user}`
        : organization !== undefined
          ? `the organization ${organization}`
          : "the list of the account's repositories",
    read: (answer, token) => ({
      repositories: jsonOf(z.array(repositorySchema))(answer, token).map(toRepository),
      ...readNext(answer),
    }),
  });
}

export async function searchRepositories(args: z.infer<typeof searchRepositoriesInput>, ask: Ask) {
  if ((args.page - 1) * args.perPage >= 1_000) throw beyondSearch();
  return ask({
    path: apiPath`search/repositories`,
    query: {
      q: args.query,
      sort: args.sort === "best-match" ? undefined : args.sort,
      ...pageQuery(args),
    },
    what: "the search for repositories",
    read: (answer, token) => {
      const found = jsonOf(foundSchema)(answer, token);
      return {
        repositories: found.items.map(toRepository),
        total: found.total_count,
        isIncomplete: found.incomplete_results,
        ...readNext(answer),
      };
    },
  });
}

/** GitHub gives the first thousand of what it finds. */
export function beyondSearch(): ToolError {
  return new ToolError("A search gives its first 1000 results and no more. Make it narrower.");
}

function toRepository(repository: z.infer<typeof repositorySchema>) {
  return {
    fullName: repository.full_name,
    description: repository.description
      ? cut(repository.description, MAX_DESCRIPTION_CHARS)
      : undefined,
    isPrivate: repository.private,
    isFork: repository.fork ?? false,
    isArchived: repository.archived ?? false,
    defaultBranch: repository.default_branch,
    language: repository.language ?? undefined,
    stars: repository.stargazers_count ?? 0,
    forks: repository.forks_count ?? 0,
    openIssues: repository.open_issues_count ?? 0,
    topics: (repository.topics ?? []).slice(0, MAX_TOPICS),
    license: repository.license?.spdx_id ?? undefined,
    url: repository.html_url,
    pushedAt: repository.pushed_at ?? undefined,
    canPush: repository.permissions?.push ?? undefined,
  };
}
