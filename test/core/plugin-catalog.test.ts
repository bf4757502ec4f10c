import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { sha256 } from "../../adapters/node/runtime.ts";
import { ToolSchema } from "@modelcontextprotocol/sdk/types.js";
import { prepareCatalog } from "../../src/core/plugin-catalog.ts";
import type { PluginRun } from "../../src/core/plugin-run.ts";
import type { PluginCatalog } from "../../src/types/host.ts";

const run = { instanceId: "gh" } as PluginRun;
const deps = { engine: createAjvEngine(), sha256 };

function prepare(offer: { [list in keyof PluginCatalog]?: unknown }, prefix = "gh") {
  const whole = {
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
    faults: [],
    ...offer,
  } as unknown as PluginCatalog;
  return prepareCatalog(run, prefix, whole, deps);
}

const A64 = "a".repeat(64);

describe("names", () => {
  it.each([
    ["gh", "issues", "gh_issues"],
    ["", "issues", "issues"],
    ["work.2", "list-all", "work.2_list-all"],
    ["", A64, A64],
    ["g", A64.slice(2), `g_${A64.slice(2)}`],
  ])("prefix %j and name %j make %j", async (prefix, name, full) => {
    const { tools, prompts } = await prepare({ tools: [{ name }], prompts: [{ name }] }, prefix);
    expect([tools[0]?.name, tools[0]?.ownName, tools[0]?.definition.name]).toEqual([
      full,
      name,
      full,
    ]);
    expect([prompts[0]?.name, prompts[0]?.ownName, prompts[0]?.definition.name]).toEqual([
      full,
      name,
      full,
    ]);
  });

  it.each([
    ["", `${A64}a`, `its name "${A64}a" is longer than 64 characters`],
    ["gh", A64.slice(2), `its name "gh_${A64.slice(2)}" is longer than 64 characters`],
    ["gh", "two words", "its name must consist of letters, digits, '_', '.' and '-'"],
    ["gh", "", "its name must consist of letters, digits, '_', '.' and '-'"],
    ["gh", "naïve", "its name must consist of letters, digits, '_', '.' and '-'"],
    ["gh", "x\n", "its name must consist of letters, digits, '_', '.' and '-'"],
    ["gh", 7, "its name must consist of letters, digits, '_', '.' and '-'"],
    ["a b", "x", "its name must consist of letters, digits, '_', '.' and '-'"],
  ])("prefix %j and name %j are refused", async (prefix, name, reason) => {
    const { tools, prompts, quarantined } = await prepare(
      { tools: [{ name }], prompts: [{ name }] },
      prefix,
    );
    expect([tools, prompts]).toEqual([[], []]);
    expect(quarantined).toEqual([
      { kind: "tool", name: String(name), reason },
      { kind: "prompt", name: String(name), reason },
    ]);
  });
});

describe("tools", () => {
  it("keep what clients may see, and get a type and a time limit", async () => {
    const tool = {
      name: "find",
      title: "Find",
      description: "Finds.",
      inputSchema: { properties: { q: { type: "string" } }, required: ["q"] },
      outputSchema: { type: "array" },
      annotations: { readOnlyHint: true },
      icons: [{ src: "https://example.org/i.png" }],
      _meta: { "example.org/x": 1 },
      timeoutMs: 5_000,
    };
    const { tools } = await prepare({ tools: [tool] });
    expect(tools[0]).toMatchObject({ timeoutMs: 5_000, hasHeaderParams: false });
    expect(tools[0]?.definition).toEqual({
      name: "gh_find",
      title: "Find",
      description: "Finds.",
      inputSchema: { type: "object", properties: { q: { type: "string" } }, required: ["q"] },
      outputSchema: { type: "array" },
      annotations: { readOnlyHint: true },
      icons: [{ src: "https://example.org/i.png" }],
      _meta: { "example.org/x": 1 },
    });
  });

  it.each([
    [undefined, 60_000],
    [1, 1],
    [0, 1],
    [-5, 1],
    [600_000, 600_000],
    [900_000, 600_000],
    [Number.MAX_VALUE, 600_000],
  ])("with timeoutMs %s have %i milliseconds", async (timeoutMs, limit) => {
    const { tools } = await prepare({ tools: [{ name: "x", timeoutMs }] });
    expect(tools[0]?.timeoutMs).toBe(limit);
  });

  it("with equal schemas have equal digests, and different ones different", async () => {
    const { tools } = await prepare({
      tools: [
        { name: "a", inputSchema: { type: "object" } },
        { name: "b" },
        { name: "c", inputSchema: { required: ["x"] }, outputSchema: { type: "object" } },
      ],
    });
    const [a, b, c] = tools;
    expect(a?.inputDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(b?.inputDigest).toBe(a?.inputDigest);
    expect(c?.inputDigest).not.toBe(a?.inputDigest);
    expect([a?.outputDigest, c?.outputDigest]).toEqual([null, a?.inputDigest]);
  });

  it("say whether headers must repeat arguments", async () => {
    const inputSchema = { properties: { region: { type: "string", "x-mcp-header": "Region" } } };
    const { tools } = await prepare({ tools: [{ name: "x", inputSchema }] });
    expect(tools[0]?.hasHeaderParams).toBe(true);
  });

  it("show boolean property schemas in a form that the v1 client can read", async () => {
    const schema = { type: "object", properties: { any: true, none: false, text: {} } };
    const { tools } = await prepare({
      tools: [{ name: "x", inputSchema: schema, outputSchema: schema }],
    });
    const properties = { any: {}, none: { not: {} }, text: {} };
    expect(tools[0]?.definition.inputSchema["properties"]).toEqual(properties);
    expect(tools[0]?.definition.outputSchema?.["properties"]).toEqual(properties);
    expect(ToolSchema.safeParse(tools[0]?.definition).success).toBe(true);
  });

  it.each([
    [{ inputSchema: null }, "its inputSchema is not a JSON Schema object"],
    [{ inputSchema: { type: "string" } }, 'its inputSchema must have the type "object"'],
    [{ inputSchema: { type: ["object"] } }, 'its inputSchema must have the type "object"'],
    [{ inputSchema: { type: "thing" } }, "its inputSchema breaks its meta-schema: /type "],
    [{ outputSchema: [] }, "its outputSchema is not a JSON Schema object"],
    [{ outputSchema: { items: [] } }, "its outputSchema breaks its meta-schema: /items "],
    [
      { inputSchema: { "x-mcp-header": "X" } },
      'its inputSchema has an invalid x-mcp-header at "" stands on the root',
    ],
    [{ timeoutMs: "5" }, "its timeoutMs is not a number"],
    [{ title: 5 }, 'its definition is not valid at "/title": '],
    [
      { annotations: { readOnlyHint: "yes" } },
      'its definition is not valid at "/annotations/readOnlyHint": ',
    ],
    [{ icons: [{ src: 5 }] }, 'its definition is not valid at "/icons/0/src": '],
    [{ _meta: 5 }, 'its definition is not valid at "/_meta": '],
    [{ description: "x".repeat(300_000) }, "its definition is larger than 262144 characters"],
  ])("with a fault such as %j are quarantined alone", async (fault, reason) => {
    const { tools, quarantined } = await prepare({
      tools: [{ name: "good" }, { name: "bad", ...fault }, { name: "fine" }],
    });
    expect(tools.map(({ name }) => name)).toEqual(["gh_good", "gh_fine"]);
    expect(quarantined).toHaveLength(1);
    expect(quarantined[0]).toMatchObject({ kind: "tool", name: "bad" });
    // The beginning: how it goes on is in the words of a library.
    expect(quarantined[0]?.reason.slice(0, reason.length)).toBe(reason);
  });

  it.each([null, 5, "tool", undefined])("that are %j are quarantined", async (tool) => {
    const { quarantined } = await prepare({ tools: [tool] });
    expect(quarantined).toEqual([
      { kind: "tool", name: String(tool), reason: "its definition is not an object" },
    ]);
  });
});

describe("resources, templates and prompts", () => {
  it("keep their definitions, and inline contents beside them", async () => {
    const { resources, resourceTemplates, prompts, quarantined } = await prepare({
      resources: [
        { uri: "gh://text", name: "t", text: "hello", mimeType: "text/plain" },
        { uri: "gh://blob", name: "b", blob: "aGk=" },
        { uri: "gh://live", name: "l" },
      ],
      resourceTemplates: [{ uriTemplate: "gh://{id}", name: "one" }],
      prompts: [{ name: "ask", arguments: [{ name: "q", required: true }] }],
    });
    expect(quarantined).toEqual([]);
    expect(resources.map(({ uri, inline, definition }) => ({ uri, inline, definition }))).toEqual([
      {
        uri: "gh://text",
        inline: { text: "hello" },
        definition: { uri: "gh://text", name: "t", mimeType: "text/plain" },
      },
      {
        uri: "gh://blob",
        inline: { blob: "aGk=" },
        definition: { uri: "gh://blob", name: "b" },
      },
      { uri: "gh://live", inline: null, definition: { uri: "gh://live", name: "l" } },
    ]);
    expect(resourceTemplates[0]?.pattern.matches("gh://7")).toBe(true);
    expect(prompts[0]?.definition).toEqual({
      name: "gh_ask",
      arguments: [{ name: "q", required: true }],
    });
  });

  it.each([
    [
      "resources",
      "resource",
      { uri: "relative/path", name: "x" },
      "its uri is not an absolute URI",
    ],
    ["resources", "resource", { uri: 5, name: "x" }, "its uri is not an absolute URI"],
    ["resources", "resource", { uri: "a:\ud800", name: "x" }, "its uri is not an absolute URI"],
    ["resources", "resource", { uri: "a:b" }, 'its definition is not valid at "/name"'],
    ["resources", "resource", { uri: "a:b", name: "x", text: 5 }, "its text is not a string"],
    ["resources", "resource", { uri: "a:b", name: "x", blob: {} }, "its blob is not a string"],
    [
      "resourceTemplates",
      "resource template",
      { uriTemplate: "a:{", name: "x" },
      "its uriTemplate is not an RFC 6570 template",
    ],
    ["resourceTemplates", "resource template", { name: "x" }, "its uriTemplate is not a text"],
    [
      "resourceTemplates",
      "resource template",
      { uriTemplate: "a:{b}" },
      'its definition is not valid at "/name"',
    ],
    [
      "prompts",
      "prompt",
      { name: "x", arguments: {} },
      'its definition is not valid at "/arguments"',
    ],
    [
      "prompts",
      "prompt",
      { name: "x", arguments: [{}] },
      'its definition is not valid at "/arguments/0/name"',
    ],
  ] as const)("in %s a %s such as %j is quarantined", async (list, kind, item, reason) => {
    const { quarantined, ...rest } = await prepare({ [list]: [item] });
    expect(rest[list]).toEqual([]);
    expect(quarantined).toHaveLength(1);
    expect(quarantined[0]?.kind).toBe(kind);
    // The beginning: how it goes on is in the words of a library.
    expect(quarantined[0]?.reason.slice(0, reason.length)).toBe(reason);
  });

  it("carry on the faults that the host found", async () => {
    const fault = { kind: "tool", name: "x", reason: "its description is not JSON" };
    expect((await prepare({ faults: [fault] })).quarantined).toEqual([fault]);
  });
});
