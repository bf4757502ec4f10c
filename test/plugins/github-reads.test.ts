import { describe, expect, it } from "vitest";
import {
  comment,
  issue,
  repository,
  TOLD_COMMENT,
  TOLD_ISSUE,
  TOLD_REPOSITORY,
} from "./github-answers.ts";
import { gitHub, ISSUE, ISSUES, PERSONAL, REPOSITORY, sent, SITE } from "./github-host.ts";

describe("repositories", () => {
  it("are told as their schema has them", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, { body: repository() });
    expect(await call("get_repository", SITE)).toEqual(TOLD_REPOSITORY);
    expect(service.requests[0]?.headers).toMatchObject({
      accept: "application/vnd.github+json",
      authorization: `Bearer ${PERSONAL}`,
      "user-agent": "mcp-plugin-server",
      "x-github-api-version": "2022-11-28",
    });
  });

  it("leave out what GitHub has nothing for", async () => {
    const { call, service } = await gitHub();
    const { html_url, full_name, default_branch } = repository();
    service.reply(REPOSITORY, {
      body: { html_url, full_name, default_branch, private: false, license: null, language: null },
    });
    expect(await call("get_repository", SITE)).toEqual({
      fullName: "acme/site",
      isPrivate: false,
      isFork: false,
      isArchived: false,
      defaultBranch: "main",
      stars: 0,
      forks: 0,
      openIssues: 0,
      topics: [],
      url: "https://github.com/acme/site",
    });
  });

  it.each([
    { args: {}, path: "/user/repos", query: "?sort=pushed&per_page=30" },
    {
      args: { user: "ada", sort: "full_name" },
      path: "/users/ada/repos",
      query: "?sort=full_name&per_page=30",
    },
    {
      args: { organization: "acme", page: 2, perPage: 5 },
      path: "/orgs/acme/repos",
      query: "?sort=pushed&page=2&per_page=5",
    },
  ])("are listed: $path", async ({ args, path, query }) => {
    const { call, service } = await gitHub();
    service.reply(`GET ${path}`, { body: [repository()] });
    expect(await call("list_repositories", args)).toEqual({ repositories: [TOLD_REPOSITORY] });
    expect(sent(service)).toEqual([`GET ${path}${query}`]);
  });

  it("are of a user or of an organization, and not of both", async () => {
    const { call, service } = await gitHub();
    await expect(call("list_repositories", { user: "ada", organization: "acme" })).rejects.toThrow(
      "Invalid arguments: Give one of user and organization, or none for the account's own.",
    );
    expect(service.requests).toEqual([]);
  });

  it("are searched for", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /search/repositories", {
      body: { total_count: 1, incomplete_results: false, items: [repository()] },
    });
    const query = "a&b #c topic:x+y";
    expect(await call("search_repositories", { query, sort: "stars" })).toEqual({
      repositories: [TOLD_REPOSITORY],
      total: 1,
      isIncomplete: false,
    });
    expect(service.requests[0]?.url.searchParams.get("q")).toBe(query);
    expect(service.requests[0]?.url.searchParams.get("sort")).toBe("stars");
  });
});

describe("issues", () => {
  it("are listed by all that may be asked for, without pull requests and texts", async () => {
    const { call, service } = await gitHub();
    service.reply(ISSUES, { body: [issue(), issue({ number: 8, pull_request: { url: "x" } })] });
    expect(
      await call("list_issues", {
        ...SITE,
        state: "all",
        labels: ["bug", "good first issue"],
        assignee: "grace",
        author: "ada",
        mentioned: "bob",
        since: "2026-01-31T00:00:00Z",
        sort: "updated",
        direction: "asc",
      }),
    ).toEqual({ issues: [TOLD_ISSUE], leftOut: 1 });
    expect(Object.fromEntries(service.requests[0]!.url.searchParams)).toEqual({
      state: "all",
      labels: "bug,good first issue",
      assignee: "grace",
      creator: "ada",
      mentioned: "bob",
      since: "2026-01-31T00:00:00Z",
      sort: "updated",
      direction: "asc",
      per_page: "30",
    });
  });

  it("are read with their text", async () => {
    const { call, service } = await gitHub();
    service.reply(ISSUE, { body: issue({ user: null, body: null, locked: true }) });
    expect(await call("get_issue", { ...SITE, number: 7 })).toEqual({
      ...TOLD_ISSUE,
      author: "ghost",
      isPullRequest: false,
      isLocked: true,
      body: "",
    });
  });

  it("have comments", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /repos/acme/site/issues/7/comments", {
      body: [comment(), comment({ id: 12, body: "x".repeat(10_001) })],
    });
    const { comments } = await call("list_comments", { ...SITE, number: 7 });
    expect(comments).toEqual([
      TOLD_COMMENT,
      { ...TOLD_COMMENT, id: 12, body: "x".repeat(10_000), isCut: true },
    ]);
  });
});

describe("code", () => {
  it("is searched for, with where it matches", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /search/code", {
      body: {
        total_count: 1,
        incomplete_results: true,
        items: [
          {
            name: "a.ts",
            path: "src/a.ts",
            sha: "c".repeat(40),
            html_url: "https://github.com/acme/site/blob/x/src/a.ts",
            repository: { id: 1, full_name: "acme/site" },
            text_matches: [
              { fragment: "f".repeat(1_001) },
              ...Array.from({ length: 6 }, () => ({ fragment: "g" })),
            ],
          },
        ],
      },
    });
    expect(await call("search_code", { query: "g repo:acme/site" })).toEqual({
      files: [
        {
          repository: "acme/site",
          path: "src/a.ts",
          sha: "c".repeat(40),
          url: "https://github.com/acme/site/blob/x/src/a.ts",
          fragments: ["f".repeat(1_000), "g", "g", "g", "g"],
        },
      ],
      total: 1,
      isIncomplete: true,
    });
    expect(service.requests[0]?.headers.accept).toBe("application/vnd.github.text-match+json");
  });
});
