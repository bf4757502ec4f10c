import { describe, expect, it } from "vitest";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { modern, modernRequest } from "../../helpers/mcp.ts";
import { testPlugin, type ToolParts } from "../../helpers/plugins.ts";
import { WAYS } from "../../helpers/ways.ts";

const STRANGE_NAMES = [
  "demo_nothing",
  "demo",
  "demo_",
  "_hello",
  "hello",
  "DEMO_HELLO",
  "other_hello",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "demo___proto__",
  "demo_constructor",
  "demo_hello/../other",
  "x".repeat(4_000),
];

const ADD: ToolParts = {
  inputSchema: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer", default: 1 } },
    required: ["a"],
    additionalProperties: false,
  },
  run: ({ a, b }) => ({ sum: a + (b ?? 0) }),
};

describe.each(WAYS)("tools, $way", ({ open }) => {
  describe.each(CALL_PATHS)("$path", ({ callTool }) => {
    it.each(STRANGE_NAMES)("row 18: there is no tool %s", async (name) => {
      let runs = 0;
      const app = await open({ plugins: { demo: testPlugin({ tools: { hello: () => ++runs } }) } });
      const answer = await callTool(app, name);
      expect(answer.error).toEqual({ code: -32602, message: `Unknown tool: ${name}` });
      expect(runs).toBe(0);
    });

    it.each<[what: string, args: Record<string, unknown>, fault: string]>([
      ["a missing one", {}, "/ must have required property 'a'"],
      ["a text for a number", { a: "canary" }, "/a must be integer"],
      ["a number in a text", { a: "5" }, "/a must be integer"],
      ["null", { a: null }, "/a must be integer"],
      ["a fraction", { a: 1.5 }, "/a must be integer"],
      ["one too many", { a: 1, c: "canary" }, "/ must NOT have additional properties (c)"],
    ])("row 18: arguments with %s do not reach the tool", async (_, args, fault) => {
      let runs = 0;
      const tools = { add: { ...ADD, run: () => ++runs } };
      const app = await open({ plugins: { demo: testPlugin({ tools }) } });
      const { result } = await callTool(app, "demo_add", args);
      expect(result).toMatchObject({
        isError: true,
        content: [{ type: "text", text: `Invalid arguments for tool "demo_add": ${fault}` }],
      });
      expect(JSON.stringify(result)).not.toContain("canary");
      expect(runs).toBe(0);
      expect(app.logs.filter(({ level }) => level === "error")).toEqual([]);
    });

    it("row 19: arguments are neither converted nor filled in", async () => {
      const seen: unknown[] = [];
      const tools = { add: { ...ADD, run: (args: unknown) => void seen.push(args) } };
      const app = await open({ plugins: { demo: testPlugin({ tools }) } });
      await callTool(app, "demo_add", { a: 1 });
      expect(seen).toEqual([{ a: 1 }]);
    });

    it.each<[what: string, value: unknown, result: object]>([
      ["a text", "Hello.", { content: [text("Hello.")] }],
      ["an object", { a: [1] }, { content: [text('{"a":[1]}')], structuredContent: { a: [1] } }],
      ["an empty object", {}, { content: [text("{}")], structuredContent: {} }],
      ["a number", 5, { content: [text("5")] }],
      ["false", false, { content: [text("false")] }],
      ["a list", [1, "b"], { content: [text('[1,"b"]')] }],
      ["null", null, { content: [] }],
      ["nothing", undefined, { content: [] }],
      [
        "a date in an object",
        { at: new Date(0) },
        { structuredContent: { at: "1970-01-01T00:00:00.000Z" } },
      ],
      ["what JSON leaves out", { a: undefined, f: () => 1 }, { structuredContent: {} }],
      ["a result", { content: [text("Hi.")] }, { content: [text("Hi.")] }],
      [
        "a failed result",
        { content: [text("No.")], isError: true },
        { content: [text("No.")], isError: true },
      ],
      [
        "a result without a text",
        { content: [], structuredContent: { a: 1 } },
        { content: [text('{"a":1}')], structuredContent: { a: 1 } },
      ],
      ["a result with _meta", { content: [], _meta: { a: 1 } }, { content: [], _meta: { a: 1 } }],
      [
        "every kind of content",
        {
          content: [
            { type: "image", data: "aGk=", mimeType: "image/png", annotations: { priority: 0.5 } },
            { type: "audio", data: "aGk=", mimeType: "audio/wav" },
            { type: "resource_link", uri: "demo://a", name: "a" },
            { type: "resource", resource: { uri: "demo://a", text: "a" } },
            { type: "resource", resource: { uri: "demo://b", blob: "aGk=" } },
          ],
        },
        {
          content: [
            { type: "image", data: "aGk=", mimeType: "image/png", annotations: { priority: 0.5 } },
            { type: "audio", data: "aGk=", mimeType: "audio/wav" },
            { type: "resource_link", uri: "demo://a", name: "a" },
            { type: "resource", resource: { uri: "demo://a", text: "a" } },
            { type: "resource", resource: { uri: "demo://b", blob: "aGk=" } },
          ],
        },
      ],
    ])("a tool may answer %s", async (_, value, expected) => {
      const app = await open({ plugins: { demo: testPlugin({ tools: { make: () => value } }) } });
      const { result } = await callTool(app, "demo_make");
      expect(result).toMatchObject(expected);
      expect(result.isError).toBe((expected as { isError?: boolean }).isError);
    });

    it.each<[what: string, value: unknown, structured: unknown]>([
      ["the object itself", { n: 1 }, { n: 1 }],
      ["a result with it", { content: [], structuredContent: { n: 2 } }, { n: 2 }],
      ["what becomes it in JSON", { n: 3, more: undefined }, { n: 3 }],
    ])("row 20: with an output schema a tool may answer %s", async (_, value, structured) => {
      const app = await open({
        plugins: { demo: testPlugin({ tools: { make: numbered(value) } }) },
      });
      const { result } = await callTool(app, "demo_make");
      expect(result).toMatchObject({
        structuredContent: structured,
        content: [text(JSON.stringify(structured))],
      });
    });

    it.each<[what: string, value: unknown, cause: string]>([
      ["another object", { n: "canary" }, "breaks its outputSchema: /n must be integer"],
      [
        "too much",
        { n: 1, m: 1 },
        "breaks its outputSchema: / must NOT have additional properties (m)",
      ],
      [
        "text alone",
        { content: [text("canary")] },
        "has no structured content, which its outputSchema needs",
      ],
      ["nothing", undefined, "has no structured content, which its outputSchema needs"],
      ["a plain text", "canary", "breaks its outputSchema: / must be object"],
    ])("row 20: with an output schema a tool may not answer %s", async (_, value, cause) => {
      const app = await open({
        plugins: { demo: testPlugin({ tools: { make: numbered(value) } }) },
      });
      const { result } = await callTool(app, "demo_make");
      const [error, ...more] = app.logs.filter(({ level }) => level === "error");
      const { requestId } = error!.fields;
      const sentence = `Tool "demo_make" returned an invalid result. Request id: ${String(requestId)}`;
      expect(result).toMatchObject({ isError: true, content: [text(sentence)] });
      expect(result.structuredContent).toBeUndefined();
      expect(error!.message).toBe(`Tool "demo_make" returned a result that ${cause}`);
      expect(more).toEqual([]);
    });

    it("row 20: a failed result needs no structured content", async () => {
      const failed = { content: [text("Not found.")], isError: true };
      const app = await open({
        plugins: { demo: testPlugin({ tools: { make: numbered(failed) } }) },
      });
      expect((await callTool(app, "demo_make")).result).toMatchObject(failed);
    });
  });

  it.each(["x", 5, [1], null])(
    "row 18: arguments that are %j are invalid parameters",
    async (args) => {
      const app = await open({ plugins: { demo: testPlugin({ tools: { hello: () => "" } }) } });
      const { status, body } = await modern(app, "tools/call", {
        name: "demo_hello",
        arguments: args,
      });
      expect([status, body.error?.code]).toEqual([200, -32602]);
    },
  );

  it("row 18: a call without a name is one with invalid parameters", async () => {
    const app = await open();
    const { status, body } = await modern(app, "tools/call", {});
    expect([status, body.error?.code]).toEqual([200, -32602]);
  });

  it("row 20: structured content that is no object stays in 2026-07-28, and is wrapped in 2025", async () => {
    const list = { outputSchema: { type: "array" }, run: () => [1, 2] };
    const app = await open({ plugins: { demo: testPlugin({ tools: { list } }) } });
    const [short, bySdk, session] = await Promise.all(
      CALL_PATHS.map(async ({ callTool }) => (await callTool(app, "demo_list")).result),
    );
    expect(short).toMatchObject({ structuredContent: [1, 2], content: [text("[1,2]")] });
    expect(bySdk).toMatchObject({ structuredContent: [1, 2], content: [text("[1,2]")] });
    expect(session).toEqual({ structuredContent: { result: [1, 2] }, content: [text("[1,2]")] });
  });

  it.each<[what: string, headers: Record<string, string>, status: number]>([
    ["the same", { "mcp-param-region": "eu", "mcp-param-size": "5" }, 200],
    ["the same number in another form", { "mcp-param-region": "eu", "mcp-param-size": "5.0" }, 200],
    [
      "the same text in base64",
      { "mcp-param-region": `=?base64?${btoa("eu")}?=`, "mcp-param-size": "5" },
      200,
    ],
    ["another text", { "mcp-param-region": "us", "mcp-param-size": "5" }, 400],
    ["another number", { "mcp-param-region": "eu", "mcp-param-size": "6" }, 400],
    ["nothing of one", { "mcp-param-region": "eu" }, 400],
    ["nothing at all", {}, 400],
  ])("row 6: headers that say %s answer as they must", async (_, headers, status) => {
    let runs = 0;
    const properties = {
      region: { type: "string", "x-mcp-header": "Region" },
      size: { type: "integer", "x-mcp-header": "Size" },
    };
    const tools = { query: { inputSchema: { type: "object", properties }, run: () => ++runs } };
    const app = await open({ plugins: { demo: testPlugin({ tools }) } });
    const params = { name: "demo_query", arguments: { region: "eu", size: 5 } };
    const response = await app.request("/mcp", modernRequest("tools/call", params, { headers }));
    const { error } = (await response.json()) as { error?: { code: number } };
    expect([response.status, error?.code]).toEqual([status, status === 200 ? undefined : -32020]);
    expect(runs).toBe(status === 200 ? 1 : 0);
  });
});

it("row 21: names are the instance's prefix and the tool's name, unique on the server", async () => {
  const tools = { "a.b-c_D": () => "", dup: () => "" };
  const plugins = {
    one: testPlugin({ tools }),
    two: testPlugin({ tools }),
    three: testPlugin({ tools }),
  };
  const entries = { two: { toolPrefix: "" }, three: { toolPrefix: "one" } };
  const app = await WAYS[0]!.open({ plugins, entries });
  const { body } = await modern(app, "tools/list");
  const names = body.result.tools.map(({ name }: { name: string }) => name);
  expect(names).toEqual(["a.b-c_D", "dup", "one_a.b-c_D", "one_dup"]);
});

function text(value: string) {
  return { type: "text", text: value };
}

function numbered(value: unknown): ToolParts {
  const properties = { n: { type: "integer" } };
  const outputSchema = { type: "object", properties, required: ["n"], additionalProperties: false };
  return { outputSchema, run: () => value };
}
