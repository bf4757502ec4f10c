import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createWorkersOutbound } from "../../adapters/workers/outbound.ts";
import { createWorkersTime } from "../../adapters/workers/time.ts";
import { PUBLIC_ONLY } from "../../src/index.ts";
import { forbiddenUrls } from "../core/outbound/corpus.ts";

/** The platform's fetch, which answers all that it is asked. */
function standIn(answer: () => Response = () => new Response("answered")) {
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  vi.stubGlobal("fetch", async (url: URL, init?: RequestInit) => {
    asked.push({ url: url.href, init });
    return answer();
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return asked;
}

const open = () => createWorkersOutbound(PUBLIC_ONLY, createWorkersTime());

describe("the way out of a Worker", () => {
  it("asks the platform, and lets it follow nothing", async () => {
    const asked = standIn();
    const answer = await open().fetch({
      url: "https://api.example.org/a",
      method: "POST",
      body: "b",
    });
    expect(new TextDecoder().decode(answer.body)).toBe("answered");
    expect(asked).toMatchObject([
      { url: "https://api.example.org/a", init: { method: "POST", redirect: "manual" } },
    ]);
  });

  // What names lead to is for the platform to see.
  it.each(forbiddenUrls(443).filter(({ rule, url }) => rule !== "address" || isLiteral(url)))(
    "does not ask it for $url",
    async ({ url, rule }) => {
      const asked = standIn();
      await expect(open().fetch({ url })).rejects.toMatchObject({
        code: "OUTBOUND_REFUSED",
        message: expect.stringContaining(`(rule: ${rule})`) as string,
      });
      expect(asked).toEqual([]);
    },
  );

  it("asks it anew for each redirect, and not for one that leads astray", async () => {
    const asked = standIn(() => Response.redirect("https://169.254.169.254/", 302));
    await expect(
      open().fetch({ url: "https://api.example.org/", redirect: "follow" }),
    ).rejects.toMatchObject({ code: "OUTBOUND_REFUSED" });
    expect(asked).toHaveLength(1);
  });
});

function isLiteral(url: string): boolean {
  return /^(?:\[.*\]|[\d.]+)$/.test(new URL(url).hostname);
}
