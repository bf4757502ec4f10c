import {
  CompleteResultSchema,
  GetPromptResultSchema,
  ReadResourceResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import {
  fromPluginCompletion,
  fromPluginPrompt,
  fromPluginResource,
} from "../../src/core/plugin-results.ts";

const cyclic: Record<string, unknown> = { text: "x" };
cyclic["self"] = cyclic;
const HUGE = "x".repeat(20_000_000);
const say = (text: string, role = "user") => ({ role, content: { type: "text", text } });

describe("fromPluginResource", () => {
  const base = { uri: "a:b", mimeType: "text/plain" };
  it.each([
    ["text", "hi", [{ ...base, text: "hi" }]],
    ["one content", { text: "hi" }, [{ ...base, text: "hi" }]],
    [
      "a blob of its own type",
      { blob: "aGk=", mimeType: "x/y" },
      [{ uri: "a:b", mimeType: "x/y", blob: "aGk=" }],
    ],
    [
      "a list",
      [{ text: "1" }, { uri: "a:c", text: "2" }],
      [
        { ...base, text: "1" },
        { ...base, uri: "a:c", text: "2" },
      ],
    ],
    ["a result", { contents: [{ text: "1" }] }, [{ ...base, text: "1" }]],
    ["an empty list", [], []],
  ])("makes contents of %s", (_what, value, contents) => {
    const made = fromPluginResource(value, "a:b", "text/plain");
    expect(made).toEqual({ contents });
    expect(ReadResourceResultSchema.safeParse(made).success).toBe(true);
  });

  it("leaves out a type that nobody knows", () => {
    expect(fromPluginResource("hi", "a:b", undefined)).toEqual({
      contents: [{ uri: "a:b", text: "hi" }],
    });
  });

  it.each([
    7,
    true,
    null,
    undefined,
    {},
    { text: 5 },
    { contents: "x" },
    [null],
    ["text"],
    [{ text: "a" }, {}],
    { uri: 5, text: "a" },
    { mimeType: 5, text: "a" },
    cyclic,
    { text: "a", n: 1n },
    HUGE,
    () => 1,
  ])("refuses what is no contents (%#)", (value) => {
    expect(fromPluginResource(value, "a:b", undefined)).toBeNull();
  });
});

describe("fromPluginPrompt", () => {
  it.each([
    ["text", "hi", { messages: [say("hi")] }],
    [
      "a result",
      { description: "d", messages: [say("1"), say("2", "assistant")] },
      { description: "d", messages: [say("1"), say("2", "assistant")] },
    ],
    ["no messages at all", { messages: [] }, { messages: [] }],
  ])("makes messages of %s", (_what, value, result) => {
    const made = fromPluginPrompt(value);
    expect(made).toEqual(result);
    expect(GetPromptResultSchema.safeParse(made).success).toBe(true);
  });

  it.each([
    7,
    null,
    undefined,
    [],
    {},
    { messages: "x" },
    { messages: [null] },
    { messages: [{}] },
    { messages: [say("x", "system")] },
    { messages: [{ role: "user", content: "text" }] },
    { messages: [{ role: "user", content: { type: "video" } }] },
    { description: 5, messages: [] },
    { messages: [cyclic] },
    HUGE,
  ])("refuses what is no prompt (%#)", (value) => {
    expect(fromPluginPrompt(value)).toBeNull();
  });
});

describe("fromPluginCompletion", () => {
  it.each([
    ["a list", ["a", "b"], { values: ["a", "b"], total: 2, hasMore: false }],
    ["an empty list", [], { values: [], total: 0, hasMore: false }],
    [
      "a completion",
      { values: ["a"], total: 9, hasMore: true },
      { values: ["a"], total: 9, hasMore: true },
    ],
    [
      "odd counts",
      { values: ["a"], total: "9", hasMore: 1 },
      { values: ["a"], total: 1, hasMore: false },
    ],
  ])("makes values of %s", (_what, value, completion) => {
    const made = fromPluginCompletion(value);
    expect(made).toEqual({ completion });
    expect(CompleteResultSchema.safeParse(made).success).toBe(true);
  });

  it("sends a hundred values at most, and says that there are more", () => {
    const values = Array.from({ length: 250 }, (_, index) => `v${index}`);
    expect(fromPluginCompletion(values)?.completion).toEqual({
      values: values.slice(0, 100),
      total: 250,
      hasMore: true,
    });
  });

  it.each([7, null, undefined, "a", {}, { values: "a" }, [1], ["a", null], cyclic])(
    "refuses what is no completion (%#)",
    (value) => {
      expect(fromPluginCompletion(value)).toBeNull();
    },
  );
});
