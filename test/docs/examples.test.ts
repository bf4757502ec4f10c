import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../helpers/server-process.ts";
import { anchorsOf, containsCode, fencesOf, linksOf } from "./markdown.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const GUIDE = "docs/plugins.md";
const PAGES = [GUIDE, "README.md"];
const examples = globSync("docs/examples/**/*.*", { cwd: ROOT });
const fences = PAGES.flatMap((page) => fencesOf(read(page)).map((fence) => ({ page, ...fence })));

describe("the code in the documentation", () => {
  it.each(fences.filter(({ file }) => file !== null))(
    "of $page:$line stands in $file",
    ({ file, code }) => {
      expect(examples).toContain(file);
      expect(containsCode(read(file!), code)).toBe(true);
    },
  );

  it("of the guide names a file in every block but those for the shell", () => {
    const loose = fencesOf(read(GUIDE)).filter((fence) => fence.file === null);
    expect(loose.filter(({ language }) => language !== "sh")).toEqual([]);
  });

  it("shows every example", () => {
    const shown = new Set(fences.map(({ file }) => file));
    expect(examples.filter((file) => !shown.has(file))).toEqual([]);
  });
});

describe("the links of the guide", () => {
  const links = linksOf(read(GUIDE));

  it("within the page lead to a heading", () => {
    const anchors = new Set(anchorsOf(read(GUIDE)).map((anchor) => `#${anchor}`));
    const inner = links.filter((link) => link.startsWith("#"));
    expect(inner.length).toBeGreaterThan(10);
    expect(inner.filter((link) => !anchors.has(link))).toEqual([]);
  });

  it("to files lead to one", () => {
    const files = links.filter((link) => !/^(#|https?:)/.test(link));
    expect(files.length).toBeGreaterThan(2);
    const missing = files.filter(
      (link) => globSync(join("docs", link), { cwd: ROOT }).length === 0,
    );
    expect(missing).toEqual([]);
  });
});

describe("the check itself", () => {
  it("finds code at any depth, and only whole", () => {
    const text = "a\n  if (x) {\n    y();\n\n  }\nb";
    expect(containsCode(text, "if (x) {\n  y();\n\n}")).toBe(true);
    expect(containsCode(text, "if (x) {\ny();\n\n}")).toBe(false);
    expect(containsCode(text, "if (x)")).toBe(false);
  });

  it("reads the marker above a block", () => {
    const page = "<!-- example: a.ts -->\n```ts\ncode\n```\n\n```sh\nls\n```";
    expect(fencesOf(page)).toEqual([
      { language: "ts", line: 2, code: "code", file: "a.ts" },
      { language: "sh", line: 6, code: "ls", file: null },
    ]);
  });
});
