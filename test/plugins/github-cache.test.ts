import { describe, expect, it } from "vitest";
import { AnswerCache } from "../../plugins/github/answer-cache.ts";
import { conditional, errorAnswer, issue, paged, repository } from "./github-answers.ts";
import { ACCOUNT, gitHub, ISSUES, PERSONAL, REPOSITORY, SITE } from "./github-host.ts";

const OTHER = "ghp_another0123456789";
/** What came over the wire: a full answer, or the word that the one at hand is good. */
const tags = (requests: readonly { headers: Record<string, unknown> }[]) =>
  requests.map(({ headers }) => (headers["if-none-match"] === undefined ? "full" : "asked"));

describe("an answer with an ETag", () => {
  it("is asked about when it is needed again, and used when GitHub says that it is good", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, conditional(repository()));
    const first = await call("get_repository", SITE);
    expect(await call("get_repository", SITE)).toEqual(first);
    expect(tags(service.requests)).toEqual(["full", "asked"]);
  });

  it("gives way to a newer one", async () => {
    const { call, service } = await gitHub();
    service.reply(
      REPOSITORY,
      conditional(repository()),
      conditional(repository({ stargazers_count: 81 })),
    );
    await call("get_repository", SITE);
    expect((await call("get_repository", SITE)).stars).toBe(81);
    expect((await call("get_repository", SITE)).stars).toBe(81);
    expect(tags(service.requests)).toEqual(["full", "asked", "asked"]);
    const [, second, third] = service.requests.map(({ headers }) => headers["if-none-match"]);
    expect(second).not.toBe(third);
  });

  it("keeps what it says of the next page", async () => {
    const { call, service } = await gitHub();
    const link = `<${service.baseUrl}/x?page=2>; rel="next"`;
    service.reply(ISSUES, conditional([issue()], { link }));
    const first = await call("list_issues", SITE);
    expect(first.nextPage).toBe(2);
    expect(await call("list_issues", SITE)).toEqual(first);
    expect(tags(service.requests)).toEqual(["full", "asked"]);
  });

  it("is not given out when GitHub shows it no more", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, conditional(repository()), {
      status: 404,
      body: errorAnswer("Not Found"),
    });
    await call("get_repository", SITE);
    await expect(call("get_repository", SITE)).rejects.toThrow("or does not show it");
    expect(tags(service.requests)).toEqual(["full", "asked"]);
  });

  it("is not given out when GitHub is not there", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, conditional(repository()), { status: 503, body: "" });
    await call("get_repository", SITE);
    await expect(call("get_repository", SITE)).rejects.toThrow("is not available");
  });

  it("is kept only where it is a good one", async () => {
    const { call, service } = await gitHub();
    const headers = { etag: '"x"' };
    service.reply(REPOSITORY, { status: 404, headers, body: errorAnswer("Not Found") });
    await expect(call("get_repository", SITE)).rejects.toThrow("or does not show it");
    await expect(call("get_repository", SITE)).rejects.toThrow("or does not show it");
    expect(tags(service.requests)).toEqual(["full", "full"]);
  });

  it("is no answer to another question", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /user/repos", conditional([repository()]));
    await call("list_repositories", {});
    await call("list_repositories", { page: 2 });
    await call("list_repositories", { perPage: 5 });
    await call("list_repositories", { sort: "created" });
    expect(tags(service.requests)).toEqual(["full", "full", "full", "full"]);
  });

  it("is never used for another token", async () => {
    const { call, service, store } = await gitHub({
      credentials: {},
      account: { getAccessToken: async () => ACCOUNT },
      secrets: [OTHER],
    });
    service.reply(REPOSITORY, conditional(repository()));
    await call("get_repository", SITE);
    await store("personal_token", OTHER);
    await call("get_repository", SITE);
    await call("get_repository", SITE);
    await store("personal_token", PERSONAL);
    await call("get_repository", SITE);
    expect(
      service.requests.map(({ headers }) => [
        headers.authorization,
        headers["if-none-match"] !== undefined,
      ]),
    ).toEqual([
      [`Bearer ${ACCOUNT}`, false],
      [`Bearer ${OTHER}`, false],
      [`Bearer ${OTHER}`, true],
      [`Bearer ${PERSONAL}`, false],
    ]);
  });

  it("is never used by another plugin object", async () => {
    for (const one of [await gitHub(), await gitHub()]) {
      one.service.reply(REPOSITORY, conditional(repository()));
      await one.call("get_repository", SITE);
      expect(tags(one.service.requests)).toEqual(["full"]);
    }
  });
});

it("an answer without an ETag is asked for in full", async () => {
  const { call, service } = await gitHub();
  service.reply("GET /user/repos", paged([repository()]));
  await call("list_repositories");
  await call("list_repositories");
  expect(tags(service.requests)).toEqual(["full", "full"]);
});

it("a 304 that nobody asked for is no answer", async () => {
  const { call, service } = await gitHub();
  service.reply(REPOSITORY, { status: 304, body: "" });
  await expect(call("get_repository", SITE)).rejects.toThrow("answered something unexpected");
});

describe("the cache", () => {
  it("keeps the 200 that were used last", () => {
    const cache = new AnswerCache();
    for (let at = 0; at < 200; at += 1) cache.keep(key(`${at}`), answer(1));
    cache.find(key("0"));
    cache.keep(key("200"), answer(1));
    expect(cache.find(key("0"))).not.toBeNull();
    expect(cache.find(key("1"))).toBeNull();
    expect(cache.find(key("2"))).not.toBeNull();
    expect(cache.find(key("200"))).not.toBeNull();
  });

  it("keeps 8 MiB at most", () => {
    const cache = new AnswerCache();
    for (let at = 0; at < 9; at += 1) cache.keep(key(`${at}`), answer(1024 * 1024));
    expect(cache.find(key("0"))).toBeNull();
    expect(cache.find(key("1"))).not.toBeNull();
  });

  it("counts what it replaces once", () => {
    const cache = new AnswerCache();
    cache.keep(key("first"), answer(1));
    for (let at = 0; at < 20; at += 1) cache.keep(key("same"), answer(1024 * 1024));
    expect(cache.find(key("first"))).not.toBeNull();
  });

  it("keeps no single answer above 1 MiB, nor an older one in its place", () => {
    const cache = new AnswerCache();
    cache.keep(key("a"), answer(1));
    cache.keep(key("a"), answer(1024 * 1024 + 1));
    expect(cache.find(key("a"))).toBeNull();
  });

  it.each([
    { owner: "o", accept: "a", url: "https://x.example/2" },
    { owner: "o", accept: "b", url: "https://x.example/1" },
    { owner: "p", accept: "a", url: "https://x.example/1" },
  ])("tells apart: %j", (other) => {
    const cache = new AnswerCache();
    cache.keep({ owner: "o", accept: "a", url: "https://x.example/1" }, answer(1));
    expect(cache.find(other)).toBeNull();
  });
});

function key(url: string) {
  return { owner: "o", accept: "a", url };
}

function answer(bytes: number) {
  return { status: 200, headers: new Headers({ etag: '"x"' }), body: new Uint8Array(bytes) };
}
