import { describe, expect, it } from "vitest";
import { elicit, elicitUrl, inputRequired, listRoots, sample } from "../../../src/plugins/index.ts";
import { toInputRequests } from "../../../src/core/input-requests.ts";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { createTestApp } from "../../helpers/test-app.ts";

const FORM = { type: "object", properties: { name: { type: "string" } } };

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

const BAD: readonly [what: string, requests: unknown, reason: string][] = [
  ["a list", [listRoots()], "must be an object of requests"],
  ["a text", "roots/list", "must be an object of requests"],
  ["a number for a request", { a: 5 }, 'have "a", which is not a request'],
  ["a request of no method", { a: {} }, 'have "a", which has a method that no client answers'],
  [
    "a request of a foreign method",
    { a: { method: "ping" } },
    'have "a", which has a method that no client answers',
  ],
  [
    "a method of every object",
    { a: { method: "toString" } },
    'have "a", which has a method that no client answers',
  ],
  [
    "a form without words",
    { a: { method: "elicitation/create" } },
    'have "a", which has no message',
  ],
  [
    "a form without fields",
    { a: elicit("Name?", undefined as never) },
    'have "a", which has no requestedSchema',
  ],
  ["an address that is none", { a: elicitUrl("Go.", "over there") }, 'have "a", which has no url'],
  ["a model asked nothing", { a: sample({ maxTokens: 1 }) }, 'have "a", which has no messages'],
  ["a model without a limit", { a: sample({ messages: [] }) }, 'have "a", which has no maxTokens'],
  [
    "a cycle",
    { a: elicit("Name?", { ...FORM, cycle }) },
    "cannot be sent: their value is not JSON",
  ],
  [
    "a BigInt",
    { a: elicit("Name?", { ...FORM, big: 5n }) },
    "cannot be sent: their value is not JSON",
  ],
  [
    "20 MB",
    { a: elicit("x".repeat(20_000_000), FORM) },
    "cannot be sent: their value is larger than 262144",
  ],
];

describe("toInputRequests", () => {
  it("lets through what clients can be asked", () => {
    const requests = {
      form: elicit("Name?", FORM),
      url: elicitUrl("Sign in.", "https://example.org/"),
      model: sample({ messages: [], maxTokens: 10 }),
      roots: listRoots(),
    };
    expect(toInputRequests(requests)).toEqual(requests);
  });

  it.each([[null], [undefined], [{}]])("finds no requests in %j", (value) => {
    expect(toInputRequests(value)).toBeNull();
  });

  it.each(BAD)("refuses %s", (_, requests, reason) => {
    const expected = { code: "PLUGIN_INVALID", message: expect.stringContaining(reason) };
    expect(() => toInputRequests(requests)).toThrow(expect.objectContaining(expected));
  });
});

describe.each(CALL_PATHS)("a tool that asks for $path", ({ callTool }) => {
  it.each([
    ...BAD.map(
      ([what, inputRequests]) => [what, { resultType: "input_required", inputRequests }] as const,
    ),
    ["nothing at all", inputRequired({})] as const,
    ["a state that is no JSON", inputRequired({ state: 5n })] as const,
    ["a state with a cycle", inputRequired({ state: cycle })] as const,
    ["a state of 20 MB", inputRequired({ state: "x".repeat(20_000_000) })] as const,
  ])("%s fails by itself, and is logged once", async (_, answer) => {
    const app = await createTestApp({
      plugins: { bad: testPlugin({ tools: { ask: () => answer } }) },
    });
    const { result } = await callTool(app, "bad_ask");
    const [error, ...more] = app.logs.filter(({ level }) => level === "error");
    const sentence = `Tool "bad_ask" failed. Request id: ${String(error!.fields["requestId"])}`;
    expect(result).toMatchObject({ isError: true, content: [{ type: "text", text: sentence }] });
    expect(error!.fields["error"]).toContain("inputRequired()");
    expect(more).toEqual([]);
  });
});

it.each([
  ["prompts/get", { name: "bad_ask" }],
  ["resources/read", { uri: "bad://ask" }],
])("a bad question of %s is an error of the server's", async (method, params) => {
  const ask = async () => ({ resultType: "input_required", inputRequests: { a: cycle } });
  const plugin = testPlugin({
    getPrompts: () => [{ name: "ask" }],
    getPrompt: ask,
    getResources: () => [{ uri: "bad://ask", name: "ask" }],
    readResource: ask,
  });
  const app = await createTestApp({ plugins: { bad: plugin } });
  const { body } = await modern(app, method, params);
  expect(body.error).toEqual({
    code: -32603,
    message: expect.stringMatching(/^Plugin "bad" failed\. Request id: \S+$/),
  });
});
