import { expect, it } from "vitest";
import { apiPath } from "../../plugins/github/api-path.ts";

it.each(["a/b", "a?b", "a#b", "a%2fb", "a b", "a\\b", "ä"])("%s becomes one segment", (value) => {
  const { text } = apiPath`repos/${value}/x`;
  expect(text).toBe(`repos/${encodeURIComponent(value)}/x`);
  expect(new URL(text, "http://127.0.0.1/").pathname).toBe(`/${text}`);
});

it("a list becomes as many segments as it has", () => {
  expect(apiPath`contents/${["a/b", "c", "..."]}/${7}`.text).toBe("contents/a%2Fb/c/.../7");
});

it.each([["."], [".."], [""], ["a\ud800"]])("%j is no segment", (value) => {
  expect(() => apiPath`repos/${value}`).toThrow("Names and paths must have no empty part");
  expect(() => apiPath`repos/${["a", value]}`).toThrow("Names and paths must have no empty part");
});
