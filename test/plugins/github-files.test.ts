import { describe, expect, it } from "vitest";
import { conditional, directory, errorAnswer, file } from "./github-answers.ts";
import { gitHub, sent, SITE } from "./github-host.ts";

const CONTENTS = "GET /repos/acme/site/contents";
const SHA = "c".repeat(40);

describe("a file", () => {
  it("is read as text", async () => {
    const { callWhole, service } = await gitHub();
    service.reply(`${CONTENTS}/src/a.ts`, { body: file("src/a.ts", "one\ntwö\n\nfour\n") });
    expect(await callWhole("get_file", { ...SITE, path: "/src/a.ts" })).toEqual({
      content: [{ type: "text", text: "one\ntwö\n\nfour" }],
      structuredContent: {
        path: "src/a.ts",
        sha: SHA,
        size: 15,
        url: "https://github.com/acme/site/blob/main/src/a.ts",
        text: "one\ntwö\n\nfour",
        startLine: 1,
        endLine: 4,
        totalLines: 4,
        isCut: false,
      },
    });
    expect(service.requests[0]?.headers.accept).toBe("application/vnd.github.object+json");
  });

  it.each([
    { args: { startLine: 2, endLine: 3 }, text: "b\nc", startLine: 2, endLine: 3 },
    { args: { startLine: 3 }, text: "c\nd", startLine: 3, endLine: 4 },
    { args: { endLine: 9 }, text: "a\nb\nc\nd", startLine: 1, endLine: 4 },
  ])("is read in part: $args", async ({ args, ...part }) => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { body: file("a", "a\nb\nc\nd") });
    expect(await call("get_file", { ...SITE, path: "a", ...args })).toMatchObject(part);
  });

  it("that is long comes in parts of whole lines, for the price of one", async () => {
    const { call, service } = await gitHub();
    const lines = Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(9_999, "."));
    service.reply(`${CONTENTS}/a`, conditional(file("a", lines.join("\n"))));
    const first = await call("get_file", { ...SITE, path: "a" });
    expect([first.endLine, first.nextLine, first.isCut]).toEqual([20, 21, false]);
    const second = await call("get_file", { ...SITE, path: "a", startLine: first.nextLine });
    expect([second.startLine, second.endLine, second.nextLine]).toEqual([21, 30, undefined]);
    expect(`${first.text}\n${second.text}`).toBe(lines.join("\n"));
    expect(service.requests[1]?.headers["if-none-match"]).toBeDefined();
  });

  it("has one line that is too long", async () => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { body: file("a", `${"x".repeat(200_001)}\ny`) });
    const part = await call("get_file", { ...SITE, path: "a" });
    expect([part.text.length, part.endLine, part.nextLine, part.isCut]).toEqual([
      200_000,
      1,
      2,
      true,
    ]);
  });

  it("may be empty", async () => {
    const { callWhole, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { body: file("a", "") });
    expect(await callWhole("get_file", { ...SITE, path: "a" })).toMatchObject({
      content: [{ type: "text", text: "(Nothing.)" }],
      structuredContent: { text: "", totalLines: 1 },
    });
  });

  it("above 1 MB is read raw", async () => {
    const { call, service } = await gitHub();
    const text = "x\n".repeat(600_000);
    service.reply(
      `${CONTENTS}/a`,
      { body: file("a", text, { encoding: "none", content: "" }) },
      { headers: { "content-type": "application/vnd.github.raw+json" }, body: text },
    );
    const part = await call("get_file", { ...SITE, path: "a", ref: "v1", startLine: 600_000 });
    expect(part).toMatchObject({ text: "x", totalLines: 600_000, size: 1_200_000 });
    expect(service.requests.map(({ headers, url }) => [headers.accept, url.search])).toEqual([
      ["application/vnd.github.object+json", "?ref=v1"],
      ["application/vnd.github.raw+json", "?ref=v1"],
    ]);
  });

  it("is read no further than a result holds, whatever its size was said to be", async () => {
    const { call, service } = await gitHub();
    service.reply(
      `${CONTENTS}/a`,
      { body: file("a", "", { size: null, encoding: "none" }) },
      { body: "x".repeat(2_097_153) },
    );
    await expect(call("get_file", { ...SITE, path: "a" })).rejects.toThrow(
      'The path "a" in acme/site is too large for one answer. Ask for less.',
    );
  });

  it.each([
    {
      name: "too large",
      body: file("a", "", { size: 2_097_153, encoding: "none" }),
      text: '"a" has 2097153 bytes; files of up to 2097152 can be read. It is at https://github.com/acme/site/blob/main/a.',
    },
    {
      name: "binary by a zero",
      body: file("a", new Uint8Array([65, 0, 66])),
      text: '"a" is no text (3 bytes). It is at https://github.com/acme/site/blob/main/a.',
    },
    {
      name: "binary by its encoding",
      body: file("a", new Uint8Array([0xff, 0xfe]), { html_url: null }),
      text: '"a" is no text (2 bytes).',
    },
    {
      name: "a directory",
      body: directory("a", []),
      text: '"a" is a directory. The tool list_directory lists it.',
    },
    {
      name: "a link",
      body: file("a", "", { type: "symlink", target: "../b" }),
      text: '"a" is a symbolic link to "../b". Read that.',
    },
    {
      name: "another repository",
      body: file("a", "", { type: "submodule", submodule_git_url: "git://x.example/b.git" }),
      text: '"a" is a submodule: another repository, git://x.example/b.git. Read it there.',
    },
    {
      name: "no base64",
      body: file("a", "", { content: "§" }),
      text: "answered something unexpected",
    },
    {
      name: "shorter than that",
      body: file("a", "b\n"),
      args: { startLine: 2 },
      text: '"a" has no line 2.',
    },
    {
      name: "read backwards",
      body: file("a", "b\n"),
      args: { startLine: 2, endLine: 1 },
      text: "endLine is before startLine.",
    },
  ])("is not read when it is $name", async ({ body, text, args }) => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { body });
    const error = await call("get_file", { ...SITE, path: "a", ...args }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "ToolError" });
    expect((error as Error).message).toContain(text);
  });
});

describe("a directory", () => {
  const NAMES = [
    ["src", "dir"],
    ["a.ts", "file"],
    ["link", "symlink"],
  ] as const;
  const ENTRIES = [
    { name: "src", type: "dir", sha: SHA },
    { name: "a.ts", type: "file", size: 5, sha: SHA },
    { name: "link", type: "symlink", sha: SHA },
  ];

  it.each([
    { args: {}, path: "", target: CONTENTS },
    { args: { path: "/" }, path: "", target: CONTENTS },
    { args: { path: "docs/de/" }, path: "docs/de", target: `${CONTENTS}/docs/de` },
  ])("is listed: $args", async ({ args, path, target }) => {
    const { call, service } = await gitHub();
    service.reply(target, { body: directory(path, NAMES) });
    expect(await call("list_directory", { ...SITE, ...args })).toEqual({
      path,
      entries: ENTRIES,
      isIncomplete: false,
    });
  });

  it("is listed by a server that answers a plain list", async () => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}/docs`, { body: directory("docs", NAMES).entries });
    const answer = await call("list_directory", { ...SITE, path: "docs" });
    expect(answer).toEqual({ path: "docs", entries: ENTRIES, isIncomplete: false });
  });

  it("may have more than GitHub lists", async () => {
    const { call, service } = await gitHub();
    const names = Array.from({ length: 1_000 }, (_, at) => [`${at}`, "file"] as const);
    service.reply(CONTENTS, { body: directory("", names) });
    expect((await call("list_directory", SITE)).isIncomplete).toBe(true);
  });

  it("is no file", async () => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}/a`, { body: file("a", "x") });
    await expect(call("list_directory", { ...SITE, path: "a" })).rejects.toThrow(
      '"a" is a file. The tool get_file reads it.',
    );
  });
});

describe("what a model gives is one part of an address", () => {
  it.each([
    ["a b/c+d.ts", "/a%20b/c%2Bd.ts"],
    ["a?ref=x#y", "/a%3Fref%3Dx%23y"],
    ["%2e%2e/a", "/%252e%252e/a"],
    ["ä/☃", "/%C3%A4/%E2%98%83"],
    ["a\\..\\b", "/a%5C..%5Cb"],
    [".../..a", "/.../..a"],
    ["https://x.example".replace("//", "/"), "/https%3A/x.example"],
  ])("the path %s", async (path, encoded) => {
    const { call, service } = await gitHub();
    service.reply(`${CONTENTS}${encoded}`, { body: file("a", "x") });
    await call("get_file", { ...SITE, path, ref: "a&b=c/../d" });
    expect(sent(service)).toEqual([`${CONTENTS}${encoded}?ref=a%26b%3Dc%2F..%2Fd`]);
  });

  it.each([
    { path: "../../../user" },
    { path: "a/../b" },
    { path: "./a" },
    { path: "a/." },
    { path: "a//b" },
    { path: "//x.example/a" },
    { path: "a\0b" },
    { path: "a\nb" },
    { path: "x".repeat(4_097) },
    { path: "a", ref: "" },
    { path: "a", ref: "x".repeat(256) },
    { path: "a", owner: ".." },
    { path: "a", owner: "a/b" },
    { path: "a", owner: "" },
    { path: "a", owner: "a%2fb" },
    { path: "a", repo: ".." },
    { path: "a", repo: "." },
    { path: "a", repo: "a/../b" },
    { path: "a", repo: "a?b" },
    { path: "a", repo: "a".repeat(101) },
  ])("or it is refused: %j", async (args) => {
    const { call, service } = await gitHub();
    await expect(call("get_file", { ...SITE, ...args })).rejects.toThrow("Invalid arguments: ");
    expect(service.requests).toEqual([]);
  });

  it("a path of broken characters is refused", async () => {
    const { call, service } = await gitHub();
    await expect(call("get_file", { ...SITE, path: "a\ud800" })).rejects.toMatchObject({
      name: "ToolError",
    });
    expect(service.requests).toEqual([]);
  });
});

it("a path that is not there says so", async () => {
  const { call, service } = await gitHub();
  service.reply(`${CONTENTS}/a`, { status: 404, body: errorAnswer("Not Found") });
  await expect(call("get_file", { ...SITE, path: "a", ref: "v9" })).rejects.toThrow(
    'has no path "a" in acme/site at v9, or does not show it',
  );
});
