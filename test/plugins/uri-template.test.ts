import { describe, expect, it } from "vitest";
import { parseUriTemplate } from "../../src/plugins/uri-template.ts";

describe("a URI template", () => {
  it.each([
    { template: "a://b", uri: "a://b", variables: {} },
    { template: "a://{x}", uri: "a://1", variables: { x: "1" } },
    { template: "a://{x}/c", uri: "a://1/c", variables: { x: "1" } },
    { template: "a://{x}/{y}", uri: "a://1/2", variables: { x: "1", y: "2" } },
    { template: "{x}:{y}", uri: "a:b:c", variables: { x: "a:b", y: "c" } },
    { template: "a://{+x}", uri: "a://1/2?3#4", variables: { x: "1/2?3#4" } },
    { template: "a://{+x}/{+y}", uri: "a://1/2/3", variables: { x: "1/2", y: "3" } },
    { template: "a://{+x}/end", uri: "a://end/end", variables: { x: "end" } },
    { template: "a://{x}{y}", uri: "a://123", variables: { x: "12", y: "3" } },
    { template: "a://{x}", uri: "a://%20%E2%82%AC", variables: { x: " €" } },
    { template: "a://(.*)/{x}", uri: "a://(.*)/1", variables: { x: "1" } },
    { template: "a://{x}", uri: "a://", variables: null },
    { template: "a://{x}", uri: "a://1/2", variables: null },
    { template: "a://{x}", uri: "a://1?q", variables: null },
    { template: "a://{x}/c", uri: "a://1/d", variables: null },
    { template: "a://{x}{y}", uri: "a://1", variables: null },
    { template: "a://{x}", uri: "xa://1", variables: null },
    { template: "a://{x}", uri: "a://%", variables: null },
    { template: "a://b", uri: "a://bc", variables: null },
  ])("$template reads $variables from $uri", ({ template, uri, variables }) => {
    expect(parseUriTemplate(template)(uri)).toEqual(variables);
  });

  it("may have a variable of any name", () => {
    const variables = parseUriTemplate("a://{__proto__}/{constructor}")("a://1/2")!;
    expect(Object.entries(variables)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });

  it.each([
    "{}",
    "{+}",
    "{?q}",
    "{/x}",
    "{#x}",
    "{x,y}",
    "{x*}",
    "{x:3}",
    "{x",
    "x}",
    "{{x}}",
    "{ x }",
  ])("%s is refused", (template) => {
    expect(() => parseUriTemplate(`a://${template}`)).toThrow(TypeError);
  });

  it("takes no longer for an address made to be slow", () => {
    const match = parseUriTemplate("a://{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}/end");
    const began = performance.now();
    expect(match(`a://${"-".repeat(8_000)}`)).toBeNull();
    expect(performance.now() - began).toBeLessThan(500);
  });
});
