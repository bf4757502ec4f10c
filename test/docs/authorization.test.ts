import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseIssuerSettings } from "../../src/core/auth/issuer-settings.ts";
import { ROOT } from "../helpers/server-process.ts";
import { anchorsOf, fencesOf, linksOf } from "./markdown.ts";

const page = readFileSync(join(ROOT, "docs/authorization.md"), "utf8");
const examples = [...page.matchAll(/^( *)```json\n([\s\S]*?)\n\1```$/gm)].map(
  ([, , code = ""]) => code,
);

describe("the guide to access tokens", () => {
  it("has settings for each kind of issuer", () => {
    expect(examples.length).toBe(6);
    expect(fencesOf(page).filter(({ language }) => language === "json").length).toBe(5);
  });

  it.each(examples)("shows settings that are taken: %s", (example) => {
    const secret = async () => null;
    const [issuer] = parseIssuerSettings(JSON.parse(example), "the guide", () => secret);
    expect(issuer?.issuer).toMatch(/^https:/);
  });

  it("links to headings and pages that are there", () => {
    const anchors = new Set(anchorsOf(page).map((anchor) => `#${anchor}`));
    const links = linksOf(page).map((link) =>
      link.startsWith("#") ? anchors.has(link) : readFileSync(join(ROOT, "docs", link)).length > 0,
    );
    expect(links.length).toBeGreaterThan(2);
    expect(links).not.toContain(false);
  });
});
