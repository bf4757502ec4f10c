import { describe, expect, it, vi } from "vitest";
import { errorAnswer, repository } from "./github-answers.ts";
import { gitHub, ISSUES, REPOSITORY, SITE } from "./github-host.ts";
import { BROKEN, pour, SLOW } from "../helpers/loopback-service.ts";

const UNEXPECTED =
  "answered something unexpected. Try again later; if that does not help, tell the server's administrator.";

describe("a service that is broken for a moment", () => {
  it.each([500, 502, 503, 504])("is asked again: %i", async (status) => {
    const { call, service, host } = await gitHub();
    service.reply(
      REPOSITORY,
      { status, body: errorAnswer("Server Error") },
      { body: repository() },
    );
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    expect(service.requests).toHaveLength(2);
    expect(host.serverLog).toEqual([]);
  });

  it.each(BROKEN)("is asked again when it $name", async ({ reply }) => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, reply, { body: repository() });
    expect((await call("get_repository", SITE)).fullName).toBe("acme/site");
    expect(service.requests).toHaveLength(2);
  });

  it("is asked twice and no more", async () => {
    const { call, service } = await gitHub();
    service.reply(REPOSITORY, { status: 503, body: "" });
    await expect(call("get_repository", SITE)).rejects.toThrow(
      "is not available: it answers with status 503. Try again later.",
    );
    expect(service.requests).toHaveLength(2);
  });

  it.each(SLOW)("is left alone when it is slow $name", async ({ reply }) => {
    const { call, service } = await gitHub({ config: { timeoutMs: 150 } });
    service.reply(REPOSITORY, reply);
    await expect(call("get_repository", SITE)).rejects.toThrow(
      "is not available: it did not answer in 150 ms. Try again later.",
    );
    expect(service.requests).toHaveLength(1);
  });

  it("ends its request when the call is cancelled", async () => {
    const { call, service, host } = await gitHub();
    const cancelled = new AbortController();
    const closed = vi.fn<() => void>();
    service.reply(REPOSITORY, (response) => {
      response.on("close", closed);
      cancelled.abort(new Error("enough"));
    });
    await expect(call("get_repository", SITE, cancelled.signal)).rejects.toThrow("enough");
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(host.serverLog).toEqual([]);
  });
});

describe("an answer that is not as documented", () => {
  it.each([
    { name: "HTML", body: "<html>", reason: "not JSON" },
    { name: "nothing", body: "", reason: "not JSON" },
    { name: "null", body: "null", reason: "the answer is not as documented" },
    {
      name: "a number for a name",
      body: repository({ full_name: 1 }),
      reason: "full_name is not as documented",
    },
  ])("is refused, and not asked for again: $name", async ({ body, reason }) => {
    const { call, service, host } = await gitHub();
    service.reply(REPOSITORY, { body });
    await expect(call("get_repository", SITE)).rejects.toThrow(UNEXPECTED);
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual([reason]);
  });

  it("without an end is cut off", async () => {
    const { call, service } = await gitHub();
    const closed = vi.fn<() => void>();
    service.reply(ISSUES, (response, request) => {
      response.on("close", closed);
      if (typeof pour === "function") pour(response, request);
    });
    await expect(call("list_issues", SITE)).rejects.toThrow(
      "The repository acme/site is too large for one answer. Ask for less.",
    );
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(service.requests).toHaveLength(1);
  });
});
