import { describe, expect, it } from "vitest";
import { comment, directory, errorAnswer, file, issue } from "./github-answers.ts";
import { gitHub, ISSUE, sent } from "./github-host.ts";

const CONTENTS = "GET /repos/acme/site/contents";

describe("a file as a resource", () => {
  it.each([
    { path: "a.ts", mimeType: "text/plain" },
    { path: "README.md", mimeType: "text/markdown" },
    { path: "logo.SVG", mimeType: "image/svg+xml" },
    { path: "Makefile", mimeType: "text/plain" },
  ])("is text: $path", async ({ path, mimeType }) => {
    const { read, service } = await gitHub();
    service.reply(`${CONTENTS}/src/${path}`, { body: file(`src/${path}`, "x\n") });
    expect(await read(`repos/acme/site/contents/src/${path}`)).toEqual({ mimeType, text: "x\n" });
  });

  it.each([
    { path: "logo.png", mimeType: "image/png" },
    { path: "a.bin", mimeType: "application/octet-stream" },
  ])("is base64: $path", async ({ path, mimeType }) => {
    const { read, service } = await gitHub();
    const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256);
    service.reply(`${CONTENTS}/${path}`, { body: file(path, bytes) });
    expect(await read(`repos/acme/site/contents/${path}`)).toEqual({
      mimeType,
      blob: Buffer.from(bytes).toString("base64"),
    });
  });

  it.each([
    ["a.ts?ref=feature/x", "/a.ts?ref=feature%2Fx"],
    ["a.ts?ref=feature%2Fx%26y", "/a.ts?ref=feature%2Fx%26y"],
    ["src%2Fa.ts", "/src/a.ts"],
    ["a%3Fref=x", "/a%3Fref%3Dx"],
  ])("is found by %s", async (address, target) => {
    const { read, service } = await gitHub();
    const { pathname } = new URL(`${CONTENTS.slice(4)}${target}`, "http://127.0.0.1");
    service.reply(`GET ${pathname}`, { body: file("a.ts", "x") });
    expect(await read(`repos/acme/site/contents/${address}`)).toMatchObject({ text: "x" });
    expect(sent(service)).toEqual([`${CONTENTS}${target}`]);
  });

  it("may be a directory", async () => {
    const { read, service } = await gitHub();
    service.reply(`${CONTENTS}/src`, { body: directory("src", [["a.ts", "file"]]) });
    expect(await read("repos/acme/site/contents/src")).toEqual({
      mimeType: "application/json",
      text: '[{"name":"a.ts","type":"file"}]',
    });
  });

  it.each([
    "repos/acme/site/contents/../../../user",
    "repos/acme/site/contents/%2e%2e/%2e%2e/user",
    "repos/acme/site/contents/a//b",
    "repos/acme/../contents/a",
    "repos/a%2Fb/site/contents/a",
    "repos/acme/site/contents/",
    "repos/acme/site/issues/0",
    "repos/acme/site/issues/7%2Fcomments",
    "repos/acme/site/issues/1e3",
    "repos/acme/site/pulls/7",
  ])("is nothing at %s", async (address) => {
    const { read, service } = await gitHub();
    expect(await read(address)).toBeNull();
    expect(service.requests).toEqual([]);
  });

  it("is nothing where GitHub has nothing", async () => {
    const { read } = await gitHub();
    expect(await read("repos/acme/site/contents/a")).toBeNull();
  });

  it("says why it cannot be read", async () => {
    const { read, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { status: 403, body: errorAnswer("No") });
    await expect(read("repos/acme/site/contents/a")).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("(No)") as string,
    });
  });
});

describe("an issue as a resource", () => {
  it("has what was said of it", async () => {
    const { read, service } = await gitHub();
    service.reply(ISSUE, { body: issue({ comments: 3 }) });
    service.reply("GET /repos/acme/site/issues/7/comments", { body: [comment(), comment()] });
    expect(await read("repos/acme/site/issues/7")).toEqual({
      mimeType: "text/markdown",
      text: `# It breaks (#7)

open, by ada on 2026-06-01T12:00:00Z, labels: bug, old

When I *press* it.

## grace on 2026-06-01T12:00:00Z

Me too.

## grace on 2026-06-01T12:00:00Z

Me too.

(1 more comments are at https://github.com/acme/site/issues/7.)
`,
    });
    expect(sent(service)[1]).toBe("GET /repos/acme/site/issues/7/comments?per_page=100");
  });

  it("is asked for alone when nobody has commented", async () => {
    const { read, service } = await gitHub();
    service.reply(ISSUE, { body: issue({ comments: 0, labels: [], body: null }) });
    expect(await read("repos/acme/site/issues/7")).toEqual({
      mimeType: "text/markdown",
      text: "# It breaks (#7)\n\nopen, by ada on 2026-06-01T12:00:00Z\n",
    });
    expect(service.requests).toHaveLength(1);
  });
});

it("the templates are of the instance", async () => {
  const { host } = await gitHub();
  const { resourceTemplates } = await host.catalog();
  expect(resourceTemplates.map(({ name, uriTemplate }) => [name, uriTemplate])).toEqual([
    ["file_at_ref", "github://gh/repos/{owner}/{repo}/contents/{+path}{?ref}"],
    ["file", "github://gh/repos/{owner}/{repo}/contents/{+path}"],
    ["issue", "github://gh/repos/{owner}/{repo}/issues/{number}"],
  ]);
});
