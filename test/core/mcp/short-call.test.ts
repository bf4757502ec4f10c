import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readShortCall } from "../../../src/core/short-call.ts";
import { elicit, inputRequired, ToolError } from "../../../src/plugins/index.ts";
import { CAPABILITIES, changedCall, INFO, setName } from "../../helpers/changed-call.ts";
import { openModernChannel, type TestChannel } from "../../helpers/channel.ts";
import type { ModernRequest } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { createTestApp, type TestApp } from "../../helpers/test-app.ts";

/** What the tools `make` and `checked` answer next. */
let value: unknown = null;
let app: TestApp;
let channel: TestChannel;

beforeAll(async () => {
  const point = {
    type: "object",
    properties: { x: { type: "number" }, y: { type: "string", maxLength: 3 } },
    required: ["x"],
    additionalProperties: false,
  };
  const make = (): unknown => (typeof value === "function" ? value() : value);
  const tools = {
    make,
    checked: { outputSchema: point, run: make },
    echo: (args: unknown, call: { client: unknown; input: unknown }) => ({
      args,
      client: call.client,
      input: call.input,
    }),
    strict: { inputSchema: point, run: (args: unknown) => ({ got: args }) },
  };
  app = await createTestApp({ plugins: { demo: testPlugin({ tools }) } });
  channel = await openModernChannel(app);
});
afterAll(() => app.close());

describe("the short path answers like the SDK", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;

  it.each<[what: string, value: unknown]>([
    ["a text", "Hello."],
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["a list", [1, { a: 2 }]],
    ["an object", { a: [1], b: null }],
    ["a date", new Date(0)],
    ["what JSON leaves out", { a: undefined, f: () => 1, [Symbol("s")]: 1 }],
    [
      "members named like those of every object",
      JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":2}'),
    ],
    ["strange texts", { a: '\u0000\u2028\ud800"\\', "": "é😀" }],
    ["a result", { content: [{ type: "text", text: "a" }] }],
    ["a result that failed", { content: [{ type: "text", text: "a" }], isError: true }],
    ["a result with isError false", { content: [], isError: false }],
    ["a result whose isError is a text", { content: [], isError: "yes" }],
    ["a result with structured content alone", { content: [], structuredContent: { a: 1 } }],
    ["structured content that is a list", { content: [], structuredContent: [1] }],
    ["structured content that is null", { content: [], structuredContent: null }],
    [
      "structured content beside an image",
      { content: [{ type: "image", data: "aGk=", mimeType: "a/b" }], structuredContent: [1] },
    ],
    ["_meta", { content: [], _meta: { "example.org/a": { b: [1] } } }],
    [
      "_meta named like what every object has",
      { content: [], _meta: JSON.parse('{"__proto__":1,"constructor":2}') },
    ],
    [
      "_meta that claims to be another server",
      {
        content: [],
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "other", version: "9" } },
      },
    ],
    ["a foreign result type", { resultType: "task", content: [] }],
    ["a foreign member", { content: [{ type: "text", text: "a" }], task: {} }],
    [
      "blocks with more than the protocol has",
      {
        content: [
          { type: "text", text: "a", more: 1 },
          { type: "resource_link", uri: "a:b", name: "c", more: 1 },
        ],
      },
    ],
    [
      "blocks with annotations",
      {
        content: [
          {
            type: "text",
            text: "a",
            annotations: { priority: 1, audience: ["user"], more: 1 },
            _meta: { a: 1 },
          },
        ],
      },
    ],
    ["a bad block", { content: [{ type: "text", text: "a", annotations: { priority: 2 } }] }],
    ["an unknown block", { content: [{ type: "video", data: "" }] }],
    [
      "an embedded resource",
      {
        content: [
          { type: "resource", resource: { uri: "a:b", text: "t", mimeType: "a/b", more: 1 } },
        ],
      },
    ],
    ["a cycle", cycle],
    ["a BigInt", { a: 5n }],
    [
      "a question",
      inputRequired({
        inputRequests: { a: elicit("?", { type: "object", properties: {} }) },
        state: 1,
      }),
    ],
    [
      "a question without an answerer",
      inputRequired({ inputRequests: { a: { method: "roots/list" } } }),
    ],
    ["a bad question", { resultType: "input_required", inputRequests: { a: 5 } }],
    [
      "an error",
      () => {
        throw new Error("secret");
      },
    ],
    [
      "a ToolError",
      () => {
        throw new ToolError("No.", { data: { a: 1 } });
      },
    ],
  ])("to %s", async (_, made) => {
    value = made;
    for (const name of ["demo_make", "demo_checked"]) {
      const init = changedCall((body, headers) => {
        setName(body, headers, name);
        body.params._meta[CAPABILITIES] = { elicitation: {} };
      }, name);
      const both = await answers(init);
      expect(both!.short).toEqual(both!.bySdk);
      expect(both!.onChannel).toEqual(both!.short.body);
    }
  });

  it("to whatever a tool makes of any JSON", async () => {
    const block = fc.record(
      {
        type: fc.constantFrom("text", "image", "audio", "resource_link", "resource", "video"),
        text: fc.oneof(fc.string(), fc.integer()),
        data: fc.constantFrom("aGk=", "%", ""),
        mimeType: fc.oneof(fc.string(), fc.integer()),
        uri: fc.oneof(fc.webUrl(), fc.string()),
        name: fc.string(),
        resource: fc.jsonValue(),
        annotations: fc.oneof(fc.jsonValue(), fc.record({ priority: fc.double() })),
        _meta: fc.jsonValue(),
        size: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    const result = fc.record(
      {
        content: fc.array(block, { maxLength: 3 }),
        structuredContent: fc.jsonValue(),
        isError: fc.jsonValue(),
        _meta: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())),
      },
      { requiredKeys: ["content"] },
    );
    const made = fc.oneof(fc.jsonValue(), result);
    const name = fc.constantFrom("demo_make", "demo_checked");
    const property = fc.asyncProperty(made, name, async (next, tool) => {
      value = next;
      const both = await answers(changedCall(() => {}, tool));
      expect(both!.short).toEqual(both!.bySdk);
      expect(both!.onChannel).toEqual(both!.short.body);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("to any arguments, ids and clients", async () => {
    /** Mostly as it should be. */
    const mostly = <T>(right: fc.Arbitrary<T>, any: fc.Arbitrary<unknown> = fc.jsonValue()) =>
      fc.oneof({ arbitrary: right, weight: 30 }, { arbitrary: any, weight: 1 });
    const members = fc.dictionary(fc.string(), fc.jsonValue());
    const args = mostly(
      fc.oneof(members, fc.record({ x: fc.jsonValue(), y: fc.string() }, { requiredKeys: [] })),
    );
    const settings = fc.dictionary(
      fc.constantFrom("form", "url", "context", "tools", "example.org/a"),
      mostly(
        fc.constant({}),
        fc.oneof(members, fc.jsonValue(), fc.constant({ applyDefaults: true })),
      ),
    );
    const capabilities = fc.record(
      {
        elicitation: mostly(settings),
        sampling: mostly(settings),
        roots: mostly(fc.constantFrom({}, { listChanged: true })),
        extensions: mostly(settings),
        experimental: mostly(settings),
        tasks: mostly(settings),
        other: mostly(settings),
      },
      { requiredKeys: [] },
    );
    const text = mostly(fc.string());
    const info = fc.record(
      {
        name: text,
        version: text,
        title: text,
        description: text,
        websiteUrl: text,
      },
      { requiredKeys: ["name", "version"] },
    );
    const id = mostly(fc.oneof(fc.integer(), fc.string(), fc.maxSafeInteger()), fc.double());
    const extra = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 });
    const name = fc.constantFrom("demo_echo", "demo_strict");
    let short = 0;
    const property = fc.asyncProperty(
      args,
      capabilities,
      fc.option(info, { nil: undefined }),
      id,
      extra,
      name,
      async (someArgs, someCapabilities, someInfo, someId, someMeta, tool) => {
        const init = changedCall((body, headers) => {
          setName(body, headers, tool);
          body["id"] = someId;
          body.params.arguments = someArgs;
          Object.assign(body.params._meta, someMeta, {
            [CAPABILITIES]: someCapabilities,
            [INFO]: someInfo,
          });
        });
        const both = await answers(init);
        expect(both?.short).toEqual(both?.bySdk);
        expect(both?.onChannel).toEqual(both?.short.body);
        if (both !== null) short++;
      },
    );
    await fc.assert(property, { numRuns: 1_000 });
    // Else nothing would have been compared.
    expect(short).toBeGreaterThan(200);
  });
});

interface Answers {
  readonly short: HttpAnswer;
  readonly bySdk: HttpAnswer;
  /** The short path of a channel, which has no headers. */
  readonly onChannel: unknown;
}

interface HttpAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** The answers of all paths to a call, or `null` for a call that the short path does not take. */
async function answers(init: ModernRequest): Promise<Answers | null> {
  if (!isShort(init)) return null;
  // Both in the form that a name may have in a header, and that the short path leaves to the SDK.
  const name = `=?base64?${btoa(init.headers["mcp-name"]!)}?=`;
  const changed = { ...init, headers: { ...init.headers, "mcp-name": name } };
  if (isShort(changed)) throw new Error("The call did not take the SDK's path.");
  return {
    short: await answer(init),
    bySdk: await answer(changed),
    onChannel: parse(await channel.ask(init.body)),
  };
}

function isShort({ headers, body }: ModernRequest): boolean {
  return readShortCall(new Headers(headers), JSON.parse(body), app.manager.catalog) !== null;
}

async function answer(init: ModernRequest): Promise<HttpAnswer> {
  const response = await app.request("/mcp", init);
  const type = response.headers.get("content-type");
  return { status: response.status, type, body: parse(await response.text()) };
}

/** Without what differs from call to call. */
function parse(text: string): unknown {
  const same = text
    .replace(/Request id: [0-9a-f-]{36}/, "Request id: …")
    .replace(/"requestState":"[^"]*"/, '"requestState":"…"');
  return JSON.parse(same);
}
