import { describe, expect, it } from "vitest";
import type { CompletionRequest } from "../../../src/plugins/index.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { WAYS } from "../../helpers/ways.ts";

const NOT_CACHED = { ttlMs: 0, cacheScope: "private" };

/** URIs that name nothing, or nothing here. */
const STRANGE_URIS = [
  "demo://other",
  "demo://text/",
  "DEMO://TEXT",
  "demo://note/",
  "demo://note/gone",
  "demo://note/../../etc/passwd",
  "demo://note/%2e%2e%2fetc%2fpasswd",
  "file:///etc/passwd",
  "http://127.0.0.1/",
  "/etc/passwd",
  "text",
  "",
  "__proto__",
  "constructor",
  "javascript:alert(1)",
  `demo://${"x".repeat(4_000)}`,
];

describe.each(WAYS)("resources, $way", ({ open }) => {
  const plugins = () => {
    const read: string[] = [];
    const demo = testPlugin({
      getResources: () => [
        { uri: "demo://text", name: "text", mimeType: "text/plain", text: "Inline." },
        { uri: "demo://blob", name: "blob", blob: "aGk=" },
        { uri: "demo://made", name: "made", mimeType: "text/markdown" },
        { uri: "demo://several", name: "several" },
      ],
      getResourceTemplates: () => [{ uriTemplate: "demo://note/{id}", name: "note" }],
      readResource: async (uri) => {
        read.push(uri);
        if (uri === "demo://made") return "# Made";
        if (uri === "demo://several")
          return [{ text: "a" }, { uri: "demo://b", blob: "aGk=", mimeType: "x/y" }];
        return uri.endsWith("/gone") || uri.includes("etc") ? null : `Note ${uri}`;
      },
    });
    return { plugins: { demo }, read };
  };

  it.each<[uri: string, contents: object[]]>([
    ["demo://text", [{ uri: "demo://text", mimeType: "text/plain", text: "Inline." }]],
    ["demo://blob", [{ uri: "demo://blob", blob: "aGk=" }]],
    ["demo://made", [{ uri: "demo://made", mimeType: "text/markdown", text: "# Made" }]],
    [
      "demo://several",
      [
        { uri: "demo://several", text: "a" },
        { uri: "demo://b", blob: "aGk=", mimeType: "x/y" },
      ],
    ],
    ["demo://note/7", [{ uri: "demo://note/7", text: "Note demo://note/7" }]],
  ])("row 15: %s is read, and not to be kept", async (uri, contents) => {
    const app = await open({ plugins: plugins().plugins });
    expect((await modern(app, "resources/read", { uri })).body.result).toMatchObject({
      contents,
      ...NOT_CACHED,
    });
    const session = await openSession(app);
    expect((await session.call("resources/read", { uri })).result).toEqual({ contents });
  });

  it.each(STRANGE_URIS)("row 17: there is no resource %s", async (uri) => {
    const { plugins: all, read } = plugins();
    const app = await open({ plugins: all });
    const { status, body } = await modern(app, "resources/read", { uri });
    expect(status).toBe(200);
    expect(body.error).toEqual({
      code: -32602,
      message: `Resource not found: ${uri}`,
      data: { uri },
    });
    // What reaches a plugin is what its own template matches, and it decides by itself.
    for (const asked of read) expect(asked).toMatch(/^demo:\/\/note\//);
  });

  it.each([[{}], [{ uri: 5 }], [{ uri: null }], [{ uri: ["demo://text"] }]])(
    "reading %j is a call with invalid parameters",
    async (params) => {
      const app = await open({ plugins: plugins().plugins });
      const { status, body } = await modern(app, "resources/read", params);
      expect([status, body.error?.code]).toEqual([200, -32602]);
    },
  );
});

describe.each(WAYS)("prompts, $way", ({ open }) => {
  const plugins = () => {
    const got: unknown[] = [];
    const demo = testPlugin({
      getPrompts: () => [
        {
          name: "greet",
          arguments: [
            { name: "who", required: true },
            { name: "how", required: true },
            { name: "why" },
          ],
        },
        { name: "plain" },
      ],
      getPrompt: async (name, args) => {
        got.push([name, args]);
        return name === "plain"
          ? "Just text."
          : {
              description: "A greeting.",
              messages: [{ role: "assistant", content: { type: "text", text: args["who"] } }],
            };
      },
    });
    return { plugins: { demo }, got };
  };

  it("are got with the arguments as they came", async () => {
    const { plugins: all, got } = plugins();
    const app = await open({ plugins: all });
    const args = { who: "Ada", how: "", more: "x" };
    const expected = {
      description: "A greeting.",
      messages: [{ role: "assistant", content: { type: "text", text: "Ada" } }],
    };
    const { body } = await modern(app, "prompts/get", { name: "demo_greet", arguments: args });
    expect(body.result).toMatchObject(expected);
    const session = await openSession(app);
    const { result } = await session.call("prompts/get", { name: "demo_greet", arguments: args });
    expect(result).toEqual(expected);
    expect(got).toEqual([
      ["greet", args],
      ["greet", args],
    ]);
  });

  it("may be plain text, which the user then says", async () => {
    const app = await open({ plugins: plugins().plugins });
    const { body } = await modern(app, "prompts/get", { name: "demo_plain" });
    expect(body.result.messages).toEqual([
      { role: "user", content: { type: "text", text: "Just text." } },
    ]);
  });

  it("need their arguments, and name all that are missing", async () => {
    const { plugins: all, got } = plugins();
    const app = await open({ plugins: all });
    for (const args of [undefined, {}, { why: "x" }]) {
      const { status, body } = await modern(app, "prompts/get", {
        name: "demo_greet",
        arguments: args,
      });
      expect([status, body.error]).toEqual([
        200,
        { code: -32602, message: 'Prompt "demo_greet" needs the arguments: who, how' },
      ]);
    }
    expect(got).toEqual([]);
  });

  it.each([
    [{}],
    [{ name: 5 }],
    [{ name: "demo_greet", arguments: { who: 5, how: "x" } }],
    [{ name: "demo_greet", arguments: ["Ada"] }],
    [{ name: "demo_greet", arguments: "Ada" }],
    [{ name: "greet" }],
    [{ name: "__proto__" }],
    [{ name: "constructor" }],
    [{ name: "toString" }],
  ])("got by %j are calls with invalid parameters", async (params) => {
    const { plugins: all, got } = plugins();
    const app = await open({ plugins: all });
    const { status, body } = await modern(app, "prompts/get", params);
    expect([status, body.error?.code]).toEqual([200, -32602]);
    expect(got).toEqual([]);
  });
});

describe.each(WAYS)("suggestions, $way", ({ open }) => {
  const PROMPT = { type: "ref/prompt", name: "demo_greet" };
  const TEMPLATE = { type: "ref/resource", uri: "demo://note/{id}" };
  const plugins = (complete: (request: CompletionRequest) => unknown) => ({
    demo: testPlugin({
      getPrompts: () => [{ name: "greet", arguments: [{ name: "who" }] }],
      getPrompt: async () => "",
      getResourceTemplates: () => [{ uriTemplate: "demo://note/{id}", name: "note" }],
      readResource: async () => null,
      complete: async (request) => complete(request) as string[],
    }),
  });

  it("are asked for by the plugin's own names, with what was chosen before", async () => {
    const asked: unknown[] = [];
    const app = await open({ plugins: plugins((request) => (asked.push(request), ["Ada"])) });
    const argument = { name: "who", value: "A" };
    const context = { arguments: { how: "loud" } };
    const { body } = await modern(app, "completion/complete", { ref: PROMPT, argument, context });
    expect(body.result.completion).toEqual({ values: ["Ada"], total: 1, hasMore: false });
    await modern(app, "completion/complete", {
      ref: TEMPLATE,
      argument: { name: "id", value: "" },
    });
    expect(asked).toEqual([
      { ref: { type: "prompt", name: "greet" }, argument, context: { how: "loud" } },
      {
        ref: { type: "resource", uriTemplate: "demo://note/{id}" },
        argument: { name: "id", value: "" },
        context: {},
      },
    ]);
  });

  it.each<[what: string, values: unknown, completion: object]>([
    ["none", [], { values: [], total: 0, hasMore: false }],
    [
      "150 of them, of which 100 go out",
      many(150),
      { values: many(100), total: 150, hasMore: true },
    ],
    [
      "some of more",
      { values: ["a"], total: 9, hasMore: true },
      { values: ["a"], total: 9, hasMore: true },
    ],
  ])("may be %s", async (_, values, completion) => {
    const app = await open({ plugins: plugins(() => values) });
    const params = { ref: PROMPT, argument: { name: "who", value: "" } };
    expect((await modern(app, "completion/complete", params)).body.result.completion).toEqual(
      completion,
    );
    const session = await openSession(app);
    expect((await session.call("completion/complete", params)).result.completion).toEqual(
      completion,
    );
  });

  it.each<[params: Record<string, unknown>]>([
    [{}],
    [{ ref: PROMPT }],
    [{ ref: PROMPT, argument: { name: 5, value: "" } }],
    [{ ref: { type: "ref/tool", name: "x" }, argument: { name: "a", value: "" } }],
    [{ ref: { type: "ref/prompt", name: "greet" }, argument: { name: "a", value: "" } }],
    [{ ref: { type: "ref/prompt", name: "__proto__" }, argument: { name: "a", value: "" } }],
    [{ ref: { type: "ref/resource", uri: "demo://note/1" }, argument: { name: "a", value: "" } }],
    [{ ref: { type: "ref/resource", uri: "constructor" }, argument: { name: "a", value: "" } }],
  ])("asked for by %j are calls with invalid parameters", async (params) => {
    const app = await open({ plugins: plugins(() => ["x"]) });
    const { status, body } = await modern(app, "completion/complete", params);
    expect([status, body.error?.code]).toEqual([200, -32602]);
  });
});

function many(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `v${at}`);
}
