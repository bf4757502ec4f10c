import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorResult, MAX_RESULT_CHARS, toToolResult } from "../../src/core/tool-result.ts";

const text = (value: string) => ({ type: "text", text: value });
const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

describe("toToolResult", () => {
  it.each([
    ["a string", "hello", { content: [text("hello")] }],
    ["an empty string", "", { content: [text("")] }],
    ["nothing", undefined, { content: [] }],
    ["null", null, { content: [] }],
    ["a number", 7, { content: [text("7")] }],
    ["a boolean", false, { content: [text("false")] }],
    ["a list", [1, "a"], { content: [text('[1,"a"]')] }],
    ["an object", { a: 1 }, { content: [text('{"a":1}')], structuredContent: { a: 1 } }],
    ["an MCP result", { content: [text("x")] }, { content: [text("x")] }],
    [
      "a whole MCP result",
      { content: [text("x")], structuredContent: { a: 1 }, isError: true, _meta: { m: 1 } },
      { content: [text("x")], structuredContent: { a: 1 }, isError: true, _meta: { m: 1 } },
    ],
    [
      "an MCP result that leaves its text to us",
      { content: [], structuredContent: { a: 1 } },
      { content: [text('{"a":1}')], structuredContent: { a: 1 } },
    ],
    ["a result that is complete", { content: [], resultType: "complete" }, { content: [] }],
    [
      "an object that only looks like a result",
      { content: [text("x")], title: "Note" },
      {
        content: [text('{"content":[{"type":"text","text":"x"}],"title":"Note"}')],
        structuredContent: { content: [text("x")], title: "Note" },
      },
    ],
    [
      "an object whose content is text",
      { content: "x" },
      { content: [text('{"content":"x"}')], structuredContent: { content: "x" } },
    ],
  ])("makes a result of %s", (_what, value, result) => {
    const made = toToolResult(value, false);
    expect(made).toEqual({ ok: true, value: { result, json: JSON.stringify(result) } });
    expect(CallToolResultSchema.safeParse(result).success).toBe(true);
  });

  it.each([
    ["a string", "hello", { content: [text("hello")], structuredContent: "hello" }],
    ["a list", [1], { content: [text("[1]")], structuredContent: [1] }],
    ["a number", 7, { content: [text("7")], structuredContent: 7 }],
    ["nothing", undefined, { content: [] }],
  ])("makes structured content of %s where there is an output schema", (_what, value, result) => {
    expect(toToolResult(value, true)).toMatchObject({ ok: true, value: { result } });
  });

  it.each([
    ["image", { type: "image", data: "aGk=", mimeType: "image/png" }],
    ["audio", { type: "audio", data: "aGk=", mimeType: "audio/wav" }],
    ["resource_link", { type: "resource_link", uri: "a:b", name: "b" }],
    ["resource", { type: "resource", resource: { uri: "a:b", text: "t" } }],
    ["resource", { type: "resource", resource: { uri: "a:b", blob: "aGk=" } }],
  ])("accepts %s content", (_type, block) => {
    expect(toToolResult({ content: [block] }, false)).toMatchObject({
      ok: true,
      value: { result: { content: [block] } },
    });
  });

  it.each([
    ["a cycle", cyclic, "is not JSON: Converting circular structure"],
    ["a cycle in a result", { content: [text("x")], structuredContent: cyclic }, "is not JSON: "],
    ["a BigInt", { n: 1n }, "is not JSON: Do not know how to serialize a BigInt"],
    ["a function", () => 1, "is not JSON: there is none of type function"],
    ["a symbol", Symbol("x"), "is not JSON: there is none of type symbol"],
    ["20 MB of text", "x".repeat(20_000_000), `is larger than ${MAX_RESULT_CHARS} characters`],
    [
      "20 MB of object",
      { a: "x".repeat(20_000_000) },
      `is larger than ${MAX_RESULT_CHARS} characters`,
    ],
    [
      "content of an unknown type",
      { content: [{ type: "video" }] },
      'has content of the unknown type "video"',
    ],
    [
      "content of type __proto__",
      { content: [{ type: "__proto__" }] },
      'has content of the unknown type "__proto__"',
    ],
    ["text content without text", { content: [{ type: "text" }] }, "has text content without text"],
    [
      "an image without its parts",
      { content: [text("x"), { type: "image", data: 5 }] },
      "has image content without data, mimeType",
    ],
    [
      "a resource without contents",
      { content: [{ type: "resource", resource: { uri: "a:b" } }] },
      "has a resource without uri and text or blob",
    ],
    [
      "a resource that is null",
      { content: [{ type: "resource", resource: null }] },
      "has a resource without uri and text or blob",
    ],
    ["a _meta that is a list", { content: [], _meta: [] }, "has a _meta that is not an object"],
    [
      "a getter that throws",
      {
        get content(): never {
          throw new Error("trap");
        },
      },
      "is not JSON: trap",
    ],
  ])("refuses %s", (_what, value, reason) => {
    const made = toToolResult(value, false);
    // The beginning: how it goes on is in the engine's words.
    expect([made.ok, !made.ok && made.reason.slice(0, reason.length)]).toEqual([false, reason]);
  });

  it("never throws, and what it makes is JSON that a client can read", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true }),
        fc.boolean(),
        (value, schema) => {
          const made = toToolResult(value, schema);
          if (!made.ok) return;
          const parsed = JSON.parse(made.value.json) as { content: unknown };
          expect(Array.isArray(parsed.content)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("errorResult", () => {
  it("has the message alone where there is nothing more", () => {
    const result = { content: [text("Not found.")], isError: true };
    expect(errorResult("Not found.")).toEqual({ result, json: JSON.stringify(result) });
  });

  it.each([
    [{ code: 404 }, { code: 404 }],
    [[1, 2], { data: [1, 2] }],
    ["text", { data: "text" }],
    [null, { data: null }],
  ])("has the data %j as text and as structured content", (data, structuredContent) => {
    const result = {
      content: [text("No."), text(JSON.stringify(data))],
      isError: true,
      structuredContent,
    };
    expect(errorResult("No.", data).result).toEqual(result);
    expect(JSON.parse(errorResult("No.", data).json)).toEqual(result);
  });

  it("has the data as text alone where an output schema holds for structured content", () => {
    expect(errorResult("No.", { code: 404 }, true).result).toEqual({
      content: [text("No."), text('{"code":404}')],
      isError: true,
    });
  });

  it.each([
    ["a cycle", cyclic],
    ["a BigInt", 1n],
    ["20 MB", "x".repeat(20_000_000)],
  ])("keeps the message when the data is %s", (_what, data) => {
    expect(errorResult("No.", data).result).toEqual({ content: [text("No.")], isError: true });
  });
});
