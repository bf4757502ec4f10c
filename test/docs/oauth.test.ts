import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { findProvider, PROVIDER_NAMES } from "../../src/core/auth/providers/index.ts";

const GUIDE = readFileSync(new URL("../../docs/oauth.md", import.meta.url), "utf8");

/** The text under a heading of the second level. */
function sectionOf(title: string): string | undefined {
  return GUIDE.split(/^## /m).find((section) => section.startsWith(`${title}\n`));
}

it.each(PROVIDER_NAMES)(
  "the guide has a section on %s that says which address to enter",
  (name) => {
    const section = sectionOf(findProvider(name)?.title ?? "Any other service");
    expect(section).toMatch(/redirect|callback/i);
  },
);
