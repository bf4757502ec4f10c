import { describe, expect, it } from "vitest";
import {
  comment,
  paged,
  pullRequest,
  TOLD_COMMENT,
  TOLD_PULL_REQUEST,
  user,
} from "./github-answers.ts";
import { gitHub, SITE } from "./github-host.ts";

const PULL = "GET /repos/acme/site/pulls/8";

describe("pull requests", () => {
  it("are listed", async () => {
    const { call, service } = await gitHub();
    service.reply("GET /repos/acme/site/pulls", { body: [pullRequest()] });
    expect(
      await call("list_pull_requests", { ...SITE, base: "release/1.0", head: "ada:a&b" }),
    ).toEqual({ pullRequests: [TOLD_PULL_REQUEST] });
    const { searchParams } = service.requests[0]!.url;
    expect([searchParams.get("base"), searchParams.get("head")]).toEqual([
      "release/1.0",
      "ada:a&b",
    ]);
  });

  it("are read with their text and numbers", async () => {
    const { call, service } = await gitHub();
    const counts = { commits: 1, additions: 2, deletions: 3, comments: 5 };
    service.reply(PULL, {
      body: pullRequest({
        ...counts,
        changed_files: 4,
        review_comments: 6,
        mergeable: null,
        mergeable_state: "unknown",
        merged_by: user("bob"),
        merged_at: "2026-06-02T00:00:00Z",
      }),
    });
    expect(await call("get_pull_request", { ...SITE, number: 8 })).toEqual({
      ...TOLD_PULL_REQUEST,
      ...counts,
      body: "By *not* pressing it.",
      isMerged: true,
      mergedAt: "2026-06-02T00:00:00Z",
      mergedBy: "bob",
      mergeableState: "unknown",
      changedFiles: 4,
      reviewComments: 6,
    });
  });

  it("have files with patches, of which only so much is told", async () => {
    const { call, service } = await gitHub();
    const changed = { status: "modified", additions: 1, deletions: 0 };
    const long = "y".repeat(20_001);
    service.reply(
      `${PULL}/files`,
      paged([
        { ...changed, filename: "b.ts", previous_filename: "a.ts", patch: "@@ -1 +1 @@" },
        { ...changed, filename: "logo.png" },
        ...Array.from({ length: 16 }, (_, at) => ({ ...changed, filename: `${at}`, patch: long })),
      ]),
    );
    const { files } = await call("list_pull_request_files", { ...SITE, number: 8 });
    expect(files.slice(0, 2)).toEqual([
      { ...changed, path: "b.ts", previousPath: "a.ts", patch: "@@ -1 +1 @@", isCut: false },
      { ...changed, path: "logo.png", isCut: false },
    ]);
    const patches = (files as { patch?: string; isCut: boolean }[]).slice(2);
    expect(patches.every(({ isCut }) => isCut)).toBe(true);
    expect(patches.map(({ patch }) => patch?.length)).toEqual([
      ...Array.from({ length: 14 }, () => 20_000),
      20_000 - "@@ -1 +1 @@".length,
      undefined,
    ]);
  });

  it("have a diff, in parts", async () => {
    const { call, callWhole, service } = await gitHub();
    const whole = `${"x".repeat(199_999)}🙂${"y".repeat(10)}`;
    service.reply(PULL, { headers: { "content-type": "text/plain" }, body: whole });
    const first = await callWhole("get_pull_request_diff", { ...SITE, number: 8 });
    // Half a character would be none.
    expect(first.structuredContent).toEqual({
      diff: "x".repeat(199_999),
      length: 200_011,
      nextOffset: 199_999,
    });
    expect(first.content).toEqual([{ type: "text", text: "x".repeat(199_999) }]);
    expect(await call("get_pull_request_diff", { ...SITE, number: 8, offset: 199_999 })).toEqual({
      diff: "🙂yyyyyyyyyy",
      length: 200_011,
    });
    expect(service.requests[0]?.headers.accept).toBe("application/vnd.github.diff");
  });

  it("have reviews", async () => {
    const { call, service } = await gitHub();
    service.reply(`${PULL}/reviews`, {
      body: [
        {
          id: 21,
          user: user("grace"),
          state: "APPROVED",
          body: "",
          commit_id: "a".repeat(40),
          submitted_at: "2026-06-01T12:00:00Z",
          html_url: "https://github.com/acme/site/pull/8#pullrequestreview-21",
        },
      ],
    });
    expect(await call("list_reviews", { ...SITE, number: 8 })).toEqual({
      reviews: [
        {
          id: 21,
          author: "grace",
          state: "APPROVED",
          body: "",
          commit: "a".repeat(40),
          submittedAt: "2026-06-01T12:00:00Z",
          url: "https://github.com/acme/site/pull/8#pullrequestreview-21",
        },
      ],
    });
  });

  it("have comments on lines", async () => {
    const { call, service } = await gitHub();
    service.reply(`${PULL}/comments`, {
      body: [
        comment({ path: "a.ts", line: 3, diff_hunk: `🙂${"z".repeat(999)}`, in_reply_to_id: 10 }),
        comment({ path: "a.ts", line: null }),
      ],
    });
    expect(await call("list_review_comments", { ...SITE, number: 8 })).toEqual({
      comments: [
        { ...TOLD_COMMENT, path: "a.ts", line: 3, hunk: `\ufffd${"z".repeat(999)}`, replyTo: 10 },
        { ...TOLD_COMMENT, path: "a.ts", hunk: "" },
      ],
    });
  });
});
