import { describe, expect, it } from "vitest";
import { comment, errorAnswer, issue } from "./github-answers.ts";
import { CREATE, gitHub, sent, SITE } from "./github-host.ts";
import { BROKEN, SLOW } from "../helpers/loopback-service.ts";

const COMMENTS = "POST /repos/acme/site/issues/7/comments";

describe("an issue", () => {
  it("is created with what was given, and told as it has become", async () => {
    const { call, service } = await gitHub();
    service.reply(CREATE, { status: 201, body: issue({ labels: [], assignees: [] }) });
    const fields = {
      title: "It breaks",
      body: "When I *press* it.",
      labels: ["bug, really"],
      assignees: ["grace"],
      milestone: 1,
    };
    expect(await call("create_issue", { ...SITE, ...fields })).toEqual({
      number: 7,
      title: "It breaks",
      url: "https://github.com/acme/site/issues/7",
      labels: [],
      assignees: [],
    });
    expect(service.requests[0]?.body).toEqual(fields);
    expect(service.requests[0]?.headers["content-type"]).toBe("application/json");
  });

  it("is commented on", async () => {
    const { call, service } = await gitHub();
    service.reply(COMMENTS, { status: 201, body: comment() });
    expect(await call("comment_on_issue", { ...SITE, number: 7, body: "Me too." })).toEqual({
      id: 11,
      url: "https://github.com/acme/site/issues/7#issuecomment-11",
      createdAt: "2026-06-01T12:00:00Z",
    });
    expect(service.requests[0]?.body).toEqual({ body: "Me too." });
  });

  it.each([
    { title: "" },
    { title: "  " },
    { title: "x".repeat(257) },
    { title: "x", body: "x".repeat(65_537) },
    { title: "x", milestone: 0 },
    { title: "x", labels: [""] },
    { title: "x", assignees: ["a/b"] },
    { title: "x", state: "closed" },
  ])("is not created of %j", async (args) => {
    const { call, service } = await gitHub();
    await expect(call("create_issue", { ...SITE, ...args })).rejects.toThrow("Invalid arguments: ");
    expect(service.requests).toEqual([]);
  });
});

/** Nobody knows whether it was done, and twice would be once too often. */
describe("a change whose answer does not come", () => {
  const DONE = "It may have been done all the same: look before you try again.";

  it.each(BROKEN)("is not sent again when GitHub $name", async ({ reply }) => {
    const { call, service } = await gitHub();
    service.reply(CREATE, reply);
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
      `is not available: the request to it failed. ${DONE}`,
    );
    expect(service.requests).toHaveLength(1);
  });

  it.each(SLOW)("is not sent again when GitHub is slow $name", async ({ reply }) => {
    const { call, service } = await gitHub({ config: { timeoutMs: 150 } });
    service.reply(CREATE, reply);
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
      `is not available: it did not answer in 150 ms. ${DONE}`,
    );
    expect(service.requests).toHaveLength(1);
  });

  it("is not sent again when GitHub is broken", async () => {
    const { call, service } = await gitHub();
    service.reply(CREATE, { status: 502, body: errorAnswer("Server Error") });
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
      `is not available: it answers with status 502. ${DONE}`,
    );
    expect(service.requests).toHaveLength(1);
  });
});

describe("a change", () => {
  it("that is cancelled ends with the reason", async () => {
    const { call, service, host } = await gitHub();
    const cancelled = new AbortController();
    service.reply(CREATE, () => cancelled.abort(new Error("enough")));
    await expect(call("create_issue", { ...SITE, title: "x" }, cancelled.signal)).rejects.toThrow(
      "enough",
    );
    expect(host.serverLog).toEqual([]);
  });

  it("is sent again after a limit, because it was not carried out", async () => {
    const { call, service } = await gitHub();
    service.reply(
      CREATE,
      { status: 403, headers: { "retry-after": "0" }, body: errorAnswer("secondary rate limit") },
      { status: 201, body: issue() },
    );
    expect((await call("create_issue", { ...SITE, title: "x" })).number).toBe(7);
    expect(service.requests.map(({ body }) => body as unknown)).toEqual([
      { title: "x" },
      { title: "x" },
    ]);
  });

  it.each([301, 302, 307, 308])("does not follow to another place: %i", async (status) => {
    const { call, service } = await gitHub();
    const headers = { location: `${service.baseUrl}/repositories/1/issues` };
    service.reply(CREATE, { status, headers, body: errorAnswer("Moved Permanently") });
    service.reply("POST /repositories/1/issues", { status: 201, body: issue() });
    service.reply("GET /repositories/1/issues", { body: [] });
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
      "The repository acme/site has been moved or renamed. Find its new name with the tool get_repository, and use that.",
    );
    expect(sent(service)).toEqual(["POST /repos/acme/site/issues"]);
  });

  it("is told of as unknown when its answer is not as documented", async () => {
    const { call, service } = await gitHub();
    service.reply(CREATE, { status: 201, body: { number: "7" } });
    await expect(call("create_issue", { ...SITE, title: "x" })).rejects.toThrow(
      "answered something unexpected. It may have been done all the same",
    );
  });
});
