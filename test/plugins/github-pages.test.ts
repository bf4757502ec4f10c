import { describe, expect, it } from "vitest";
import { readNext } from "../../plugins/github/paging.ts";
import { issue, paged, repository } from "./github-answers.ts";
import { gitHub, ISSUES, sent, SITE } from "./github-host.ts";

describe("a list that has pages", () => {
  it("says which comes next, until the last one", async () => {
    const { call, service } = await gitHub();
    service.reply(
      "GET /user/repos",
      paged(Array.from({ length: 5 }, (_, at) => repository({ full_name: `acme/${at}` }))),
    );
    const names: string[] = [];
    let page: number | undefined = 1;
    while (page !== undefined) {
      const answer: { repositories: { fullName: string }[]; nextPage?: number } = await call(
        "list_repositories",
        { page, perPage: 2 },
      );
      names.push(...answer.repositories.map(({ fullName }) => fullName));
      page = answer.nextPage;
    }
    expect(names).toEqual(["acme/0", "acme/1", "acme/2", "acme/3", "acme/4"]);
    expect(sent(service)).toEqual([
      "GET /user/repos?sort=pushed&per_page=2",
      "GET /user/repos?sort=pushed&page=2&per_page=2",
      "GET /user/repos?sort=pushed&page=3&per_page=2",
    ]);
  });

  it("goes on with a cursor where GitHub gives one", async () => {
    const { call, service } = await gitHub();
    service.reply(ISSUES, paged([issue(), issue()], "&after=Y3Vyc29yOnYyOpLPAAAB%3D%3D"));
    const answer = await call("list_issues", { ...SITE, perPage: 1 });
    expect(answer).toMatchObject({ nextPage: 2, nextAfter: "Y3Vyc29yOnYyOpLPAAAB==" });
    const { nextPage: page, nextAfter: after } = answer;
    const last = await call("list_issues", { ...SITE, perPage: 1, page, after });
    expect([last.nextPage, last.nextAfter]).toEqual([undefined, undefined]);
    const { searchParams } = service.requests[1]!.url;
    expect([searchParams.get("page"), searchParams.get("after")]).toEqual([
      "2",
      "Y3Vyc29yOnYyOpLPAAAB==",
    ]);
  });

  it.each([{ page: 0 }, { page: 1.5 }, { perPage: 101 }, { perPage: 0 }, { page: "2" }])(
    "has no page %j",
    async (args) => {
      const { call, service } = await gitHub();
      await expect(call("list_repositories", args)).rejects.toThrow("Invalid arguments: ");
      expect(service.requests).toEqual([]);
    },
  );

  it.each(["search_code", "search_repositories"])("of %s ends after 1000", async (name) => {
    const { call, service } = await gitHub();
    service.reply(`GET /search/${name.slice("search_".length)}`, {
      body: { total_count: 5_000, incomplete_results: false, items: [] },
    });
    await call(name, { query: "x", page: 10, perPage: 100 });
    await expect(call(name, { query: "x", page: 11, perPage: 100 })).rejects.toThrow(
      "A search gives its first 1000 results and no more. Make it narrower.",
    );
    expect(service.requests).toHaveLength(1);
  });
});

describe("a Link header", () => {
  const next = (link: string) => readNext({ headers: new Headers({ link }) });

  it.each([
    [`<https://x.example/a?page=3>; rel="next"`, 3],
    [`<https://x.example/a?page=1>; rel="prev", <https://x.example/a?page=3>; rel="next"`, 3],
    [`<https://x.example/a?q=a,b&page=3>; rel=next`, 3],
    [`<https://x.example/a?page=3>; title="x"; rel="next"; type="y"`, 3],
  ])("is understood: %s", (link, page) => {
    expect(next(link)).toEqual({ nextPage: page });
  });

  it.each([
    "",
    "<",
    `<https://x.example/a?page=3>; rel="prev"`,
    `<https://x.example/a?page=0>; rel="next"`,
    `<https://x.example/a?page=1e9>; rel="next"`,
    `<https://x.example/a?page=99999999>; rel="next"`,
    `<https://x.example/a?page=3>; rel="nextish"`,
    `</a?page=3>; rel="next"`,
    `<https://x.example/a?after=${"a".repeat(301)}>; rel="next"`,
    `<https://x.example/a?after=%0a>; rel="next"`,
    `${"x".repeat(9_000)}, <https://x.example/a?page=3>; rel="next"`,
  ])("that says nothing of use is passed over: %s", (link) => {
    expect(next(link)).toEqual({});
  });
});
