import fc from "fast-check";
import { UriTemplate } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { parseUriTemplate } from "../../src/util/uri-template.ts";

function matches(template: string, uri: string): boolean {
  const pattern = parseUriTemplate(template);
  if (!pattern.ok) throw new Error(pattern.reason);
  return pattern.value.matches(uri);
}

describe("parseUriTemplate", () => {
  it.each([
    ["notes://all", "notes://all", true],
    ["notes://all", "notes://all/", false],
    ["notes://{id}", "notes://7", true],
    ["notes://{id}", "notes://", false],
    ["notes://{id}", "notes://7/text", false],
    ["notes://{id}/text", "notes://7/text", true],
    ["notes://{id}/text", "notes://text", false],
    ["notes://{id}.txt", "notes://a.b.txt", true],
    ["notes://{a}-{b}", "notes://1-2-3", true],
    ["notes://{a}-{b}", "notes://1-", false],
    ["notes://{id}", "notes://7?all", false],
    ["notes://{id}", "notes://7#top", false],
    ["notes://{id}", "notes://7,8", false],
    ["notes://{a,b}", "notes://1,2", true],
    ["notes://{a,b}", "notes://1", false],
    ["notes://{ids*}", "notes://1,2,3", true],
    ["notes://{ids*}", "notes://1/2", false],
    ["file:///{+path}", "file:///a/b,c?d", true],
    ["doc://x{#part}", "doc://x#one/two", true],
    ["doc://x{#part}", "doc://x", false],
    ["doc://x{/path*}", "doc://x/a/b", true],
    ["doc://x{/a,b}", "doc://x/1/2", true],
    ["doc://x{.ext}", "doc://x.md", true],
    ["list://x{?q,page}", "list://x?q=a/b&page=2", true],
    ["list://x{?q,page}", "list://x?page=2&q=a", false],
    ["list://x?all=1{&q}", "list://x?all=1&q=2", true],
    ["cut://{name:3}", "cut://abc", true],
    ["esc://(a|b).{x}", "esc://(a|b).1", true],
    ["esc://(a|b).{x}", "esc://axb1", false],
  ])("%s against %s is %s", (template, uri, answer) => {
    expect(matches(template, uri)).toBe(answer);
  });

  it.each([
    ["notes://{id", "is not an RFC 6570 template"],
    ["notes://id}", "is not an RFC 6570 template"],
    ["notes://{}", "is not an RFC 6570 template"],
    ["notes://{a b}", "is not an RFC 6570 template"],
    ["notes://{a,,b}", "is not an RFC 6570 template"],
    ["notes://{{id}}", "is not an RFC 6570 template"],
    ["", "is not a text"],
    [7, "is not a text"],
    [`x:${"a".repeat(2_050)}`, "is longer than 2048 characters"],
    [`x:${"{a}/".repeat(33)}`, "has more than 32 expressions"],
  ])("refuses %j", (template, reason) => {
    expect(parseUriTemplate(template)).toEqual({ ok: false, reason });
  });

  it("agrees with the SDK's matcher on simple templates", () => {
    const anyTemplate = fc
      .array(fc.constantFrom("a", "-", "/", "{x}", "{y}", "{+z}", "."), { maxLength: 6 })
      .map((parts) => `t:${parts.join("")}`);
    const anyUri = fc
      .array(fc.constantFrom("a", "b", "-", "/", ",", "."), { maxLength: 8 })
      .map((parts) => `t:${parts.join("")}`);
    fc.assert(
      fc.property(anyTemplate, anyUri, (template, uri) => {
        expect(matches(template, uri)).toBe(new UriTemplate(template).match(uri) !== null);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes no longer for a URI that would send a regular expression astray", () => {
    const template = `t:${"{x}-".repeat(12)}!`;
    const started = performance.now();
    expect(matches(template, `t:${"-".repeat(8_000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("matches no URI of more than 8,192 characters", () => {
    expect(matches("t:{+x}", `t:${"a".repeat(8_190)}`)).toBe(true);
    expect(matches("t:{+x}", `t:${"a".repeat(8_191)}`)).toBe(false);
  });

  it.each([
    { template: "a://b", uri: "a://b", variables: {} },
    { template: "a://{x}/{y}", uri: "a://1/2", variables: { x: "1", y: "2" } },
    { template: "{x}:{y}", uri: "a:b:c", variables: { x: "a:b", y: "c" } },
    { template: "a://{+x}", uri: "a://1/2?3#4", variables: { x: "1/2?3#4" } },
    { template: "a://{+x}/{+y}", uri: "a://1/2/3", variables: { x: "1/2", y: "3" } },
    { template: "a://{+x}/end", uri: "a://end/end", variables: { x: "end" } },
    { template: "a://{x}{y}", uri: "a://123", variables: { x: "12", y: "3" } },
    { template: "a://{x:2}{?q,r*}", uri: "a://1?q=2&r=3", variables: { x: "1", q: "2", r: "3" } },
    { template: "a://{x}", uri: "a://%20%E2%82%AC", variables: { x: " €" } },
    { template: "a://(.*)/{x}", uri: "a://(.*)/1", variables: { x: "1" } },
    { template: "a://{x}/c", uri: "a://1/d", variables: null },
    { template: "a://{x}{y}", uri: "a://1", variables: null },
    { template: "a://{x}", uri: "a://%", variables: null },
  ])("$template reads $variables from $uri", ({ template, uri, variables }) => {
    const parsed = parseUriTemplate(template);
    expect(parsed.ok && parsed.value.read(uri)).toEqual(variables);
  });

  it("may have a variable of any name", () => {
    const parsed = parseUriTemplate("a://{__proto__}/{constructor}");
    expect(parsed.ok && Object.entries(parsed.value.read("a://1/2")!)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });
});
