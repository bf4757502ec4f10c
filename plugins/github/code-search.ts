import { z } from "mcp-plugin-server/plugin";
import { apiPath } from "./api-path.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./bounded-text.ts";
import { pageInput, pageOutput, pageQuery, readNext } from "./paging.ts";
import { jsonOf } from "./read-answer.ts";
import { beyondSearch } from "./repositories.ts";

const MATCHES_TYPE = "application/vnd.github.text-match+json";
const MAX_FRAGMENTS = 5;
const MAX_FRAGMENT_CHARS = 1_000;

export const searchCodeInput = z.strictObject({
  query: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .describe("Words and qualifiers, such as: parseConfig repo:octocat/hello language:ts"),
  ...pageInput,
});

export const searchCodeOutput = z.object({
  files: z.array(
    z.object({
      repository: z.string().describe("owner/repo"),
      path: z.string(),
      sha: z.string(),
      url: z.string(),
      fragments: z.array(z.string()).describe("Where it matches, five at most."),
    }),
  ),
  total: z.int().describe("How many match; the first 1000 can be had."),
  isIncomplete: z.boolean().describe("GitHub ran out of time: there may be more."),
  ...pageOutput,
});

/** What `GET /search/code` answers, as far as it is needed. */
const foundSchema = z.object({
  total_count: z.int().min(0),
  incomplete_results: z.boolean(),
  items: z.array(
    z.object({
      path: z.string(),
      sha: z.string(),
      html_url: z.string(),
      repository: z.object({ full_name: z.string() }),
      text_matches: z.array(z.object({ fragment: z.string().nullish() })).nullish(),
    }),
  ),
});

export async function searchCode(args: z.infer<typeof searchCodeInput>, ask: Ask) {
  if ((args.page - 1) * args.perPage >= 1_000) throw beyondSearch();
  return ask({
    path: apiPath`search/code`,
    query: { q: args.query, ...pageQuery(args) },
    accept: MATCHES_TYPE,
    what: "the search for code",
    read: (answer, token) => {
      const found = jsonOf(foundSchema)(answer, token);
      return {
        files: found.items.map((item) => ({
          repository: item.repository.full_name,
          path: item.path,
          sha: item.sha,
          url: item.html_url,
          fragments: (item.text_matches ?? [])
            .flatMap(({ fragment }) => (fragment ? [cut(fragment, MAX_FRAGMENT_CHARS)] : []))
            .slice(0, MAX_FRAGMENTS),
        })),
        total: found.total_count,
        isIncomplete: found.incomplete_results,
        ...readNext(answer),
      };
    },
  });
}
