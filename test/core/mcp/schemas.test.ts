import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { CALL_PATHS } from "../../helpers/call-paths.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin, type ToolParts } from "../../helpers/plugins.ts";
import { ADMIN_TOKEN, createTestApp, type TestApp } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const PAIR = [{ type: "string" }, { type: "integer" }];

describe("row 22: a schema is read in its own dialect", () => {
  it.each<[dialect: string | null, list: object]>([
    [null, { prefixItems: PAIR }],
    ["https://json-schema.org/draft/2020-12/schema", { prefixItems: PAIR }],
    ["https://json-schema.org/draft/2019-09/schema", { items: PAIR }],
    ["http://json-schema.org/draft-07/schema#", { items: PAIR }],
  ])("%s", async (dialect, list) => {
    const inputSchema = {
      ...(dialect !== null && { $schema: dialect }),
      type: "object",
      properties: { pair: { type: "array", ...list } },
    };
    const app = await createTestApp({
      plugins: { demo: testPlugin({ tools: { take: { inputSchema, run: () => "taken" } } }) },
    });
    const call = async (pair: unknown) => {
      const { body } = await modern(app, "tools/call", { name: "demo_take", arguments: { pair } });
      return body.result.content[0].text;
    };
    expect(await call(["a", 1])).toBe("taken");
    expect(await call([1, "a"])).toBe(
      'Invalid arguments for tool "demo_take": /pair/0 must be string',
    );
  });
});

describe("row 22: a tool is kept from clients when its schema", () => {
  it.each<[what: string, tool: Partial<ToolParts>, reason: RegExp]>([
    ["is a list", { inputSchema: [] as never }, /inputSchema is not a JSON Schema object/],
    ["is of a list", { inputSchema: { type: "array" } }, /type "object"/],
    ["breaks its meta-schema", { inputSchema: { type: "objekt" } }, /meta-schema/],
    ["names an old dialect", inDialect("http://json-schema.org/draft-04/schema#"), /dialect/],
    ["names no known dialect", inDialect("https://example.org/my-schema"), /dialect/],
    [
      "refers elsewhere",
      { inputSchema: { $ref: "https://example.org/s.json" } },
      /outside of itself/,
    ],
    ["refers to a file", { inputSchema: { $ref: "file:///etc/passwd" } }, /outside of itself/],
    [
      "refers elsewhere for its results",
      { outputSchema: { $ref: "//example.org/s" } },
      /outside of itself/,
    ],
    ["is 40 levels deep", { inputSchema: deepSchema(40) }, /nested deeper than 32 levels/],
    [
      "has 10,001 values",
      { outputSchema: { enum: Array.from({ length: 10_001 }, (_, i) => i) } },
      /more than 10000 values/,
    ],
    ["puts a list into a header", headerOf("array", "X"), /x-mcp-header/],
    ["breaks a header's name", headerOf("string", "X\r\nEvil: 1"), /x-mcp-header/],
  ])("%s", async (_, tool, reason) => {
    const app = await createTestApp({
      plugins: {
        demo: testPlugin({ tools: { bad: { run: () => "", ...tool }, good: () => "Hello." } }),
      },
    });
    expect(await toolNames(app)).toEqual(["demo_good"]);
    const { body } = await modern(app, "tools/call", { name: "demo_bad" });
    expect(body.error).toMatchObject({ code: -32602 });
    expect(await quarantine(app)).toEqual([
      { kind: "tool", name: "bad", reason: expect.stringMatching(reason) },
    ]);
    expect(warnings(app)).toHaveLength(1);
  });

  it("refers to a server, which is never asked", async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const ref = `http://127.0.0.1:${(server.address() as AddressInfo).port}/schema.json`;
    const properties = { a: { $ref: ref } };
    const tools = {
      a: { inputSchema: { $ref: ref }, run: () => "" },
      b: { inputSchema: { type: "object", properties }, run: () => "" },
      c: { inputSchema: { $id: ref, type: "object", $ref: "other.json" }, run: () => "" },
      d: { outputSchema: { $dynamicRef: ref }, run: () => ({}) },
      e: { inputSchema: { $schema: ref }, run: () => "" },
    };
    const app = await createTestApp({ plugins: { demo: testPlugin({ tools }) } });
    for (const name of Object.keys(tools)) {
      await modern(app, "tools/call", { name: `demo_${name}` });
    }
    expect(await toolNames(app)).toEqual([]);
    expect(requests).toBe(0);
  });
});

/** Keeps its meta-schema, and refers to what is not there. */
const DANGLING = { type: "object", $ref: "#/$defs/nothing" };

describe.each(WAYS)("a schema that does not compile, $way", ({ open }) => {
  describe.each(CALL_PATHS)("$path", ({ callTool }) => {
    it.each<[which: string, schemas: Partial<ToolParts>, sentence: RegExp, runs: number]>([
      [
        "inputSchema",
        { inputSchema: DANGLING },
        /^Tool "bad_run" is not available: its input schema is faulty\.$/,
        0,
      ],
      [
        "outputSchema",
        { outputSchema: DANGLING },
        /^Tool "bad_run" is not available: its output schema is faulty\.$/,
        1,
      ],
    ])(
      "as %s takes its tool out at the first call, and harms nothing else",
      async (which, schemas, sentence, runs) => {
        let ran = 0;
        const run = () => ({ ran: ++ran });
        const app = await open({
          plugins: {
            bad: testPlugin({ tools: { run: { run, ...schemas }, other: () => "Hello." } }),
            good: testPlugin({ tools: { hello: () => "Hello." } }),
          },
        });
        expect(await toolNames(app)).toEqual(["bad_other", "bad_run", "good_hello"]);

        const { result } = await callTool(app, "bad_run");
        expect(result).toMatchObject({
          isError: true,
          content: [{ type: "text", text: expect.stringMatching(sentence) }],
        });
        expect(ran).toBe(runs);
        expect(await toolNames(app)).toEqual(["bad_other", "good_hello"]);
        expect(await quarantine(app)).toEqual([
          {
            kind: "tool",
            name: "run",
            reason: expect.stringMatching(`^its ${which} does not compile: `),
          },
        ]);
        expect(warnings(app)).toHaveLength(1);

        expect((await callTool(app, "bad_run")).error).toMatchObject({ code: -32602 });
        for (const name of ["bad_other", "good_hello"]) {
          expect((await callTool(app, name)).result.content[0].text).toBe("Hello.");
        }
        expect(warnings(app)).toHaveLength(1);
      },
    );
  });
});

it("a schema that never ends takes its tool out like one that does not compile", async () => {
  const tools = { run: { inputSchema: { $ref: "#" }, run: () => "" } };
  const app = await createTestApp({ plugins: { bad: testPlugin({ tools }) } });
  const { body } = await modern(app, "tools/call", { name: "bad_run" });
  expect(body.result.content[0].text).toBe(
    'Tool "bad_run" is not available: its input schema is faulty.',
  );
  expect(await toolNames(app)).toEqual([]);
  expect(warnings(app)).toHaveLength(1);
});

it("a schema that does not compile is logged once for many calls at once", async () => {
  const tools = { run: { inputSchema: DANGLING, run: () => "" } };
  const app = await createTestApp({ plugins: { bad: testPlugin({ tools }) } });
  await Promise.all(
    Array.from({ length: 20 }, () => modern(app, "tools/call", { name: "bad_run" })),
  );
  expect(warnings(app)).toHaveLength(1);
});

function inDialect($schema: string): Partial<ToolParts> {
  return { inputSchema: { $schema, type: "object" } };
}

function headerOf(type: string, header: string): Partial<ToolParts> {
  return { inputSchema: { type: "object", properties: { a: { type, "x-mcp-header": header } } } };
}

function deepSchema(levels: number): Record<string, unknown> {
  let schema: Record<string, unknown> = { type: "string" };
  for (let level = 2; level < levels; level += 2)
    schema = { type: "object", properties: { a: schema } };
  return schema;
}

async function toolNames(app: Pick<TestApp, "request">): Promise<string[]> {
  const { body } = await modern(app, "tools/list");
  return body.result.tools.map(({ name }: { name: string }) => name);
}

/** What the first instance offers in vain. */
async function quarantine(app: Pick<TestApp, "request">): Promise<unknown> {
  const response = await app.request("/api/plugins", { key: ADMIN_TOKEN });
  const { data } = (await response.json()) as { data: { quarantined: unknown }[] };
  return data[0]!.quarantined;
}

function warnings({ logs }: Pick<TestApp, "logs">) {
  return logs.filter(({ level }) => level === "warn" || level === "error");
}
