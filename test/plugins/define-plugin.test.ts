import { type } from "arktype";
import { describe, expect, it } from "vitest";
import { createTestHost, definePlugin, inputRequired, z } from "../../src/plugins/index.ts";

const base = { name: "shop", version: "1.2.3", description: "Sells things." } as const;

const priced = (handler: (args: { item: string; count: number }) => unknown) =>
  definePlugin({
    ...base,
    tools: {
      price: {
        description: "Tells a price.",
        input: z
          .strictObject({ item: z.string().trim(), count: z.int().min(1).default(1) })
          .refine(({ item }) => item !== "air", { path: ["item"], message: "is not for sale" }),
        handler,
      },
    },
  });

describe("a defined plugin", () => {
  it("lists its tools with schemas in JSON Schema and without its own members", () => {
    const plugin = definePlugin({
      ...base,
      dependencies: ["stock@^1.0"],
      tools: {
        price: {
          description: "Tells a price.",
          title: "Price",
          annotations: { readOnlyHint: true },
          timeoutMs: 5_000,
          _meta: { "example.org/group": "sales" },
          input: z.object({ item: z.string(), count: z.int().min(1).default(1) }),
          output: z.object({ total: z.number(), currency: z.string().default("EUR") }),
          handler: () => ({ total: 1 }),
        },
      },
    });
    expect(plugin).toMatchObject({ ...base, dependencies: ["stock@^1.0"] });
    expect(plugin.getTools()).toEqual([
      {
        name: "price",
        description: "Tells a price.",
        title: "Price",
        annotations: { readOnlyHint: true },
        timeoutMs: 5_000,
        _meta: { "example.org/group": "sales" },
        inputSchema: {
          type: "object",
          properties: {
            item: { type: "string" },
            count: { type: "integer", minimum: 1, maximum: 9007199254740991, default: 1 },
          },
          required: ["item"],
        },
        outputSchema: {
          type: "object",
          properties: {
            total: { type: "number" },
            currency: { type: "string", default: "EUR" },
          },
          required: ["total", "currency"],
          additionalProperties: false,
        },
      },
    ]);
  });

  it("names the schema that has no form in JSON Schema, when it is defined", () => {
    const define = () =>
      definePlugin({
        ...base,
        tools: {
          when: { description: "d", input: z.object({ at: z.date() }), handler: () => "" },
        },
      });
    expect(define).toThrow(
      /^The input schema of tool "when" has no form in JSON Schema: Date cannot be represented/,
    );
  });

  it("hands arguments over as the schema makes them", async () => {
    const host = await createTestHost(priced((args) => args));
    expect(await host.callTool("price", { item: " tea " })).toEqual({ item: "tea", count: 1 });
  });

  it("refuses, in words for the model, what JSON Schema cannot", async () => {
    const host = await createTestHost(priced((args) => args));
    await expect(host.callTool("price", { item: "air" })).rejects.toMatchObject({
      name: "ToolError",
      message: "Invalid arguments: item: is not for sale",
    });
  });

  it("names every argument that its schema refuses", async () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        both: {
          description: "d",
          input: z.object({
            a: z.string().refine(() => false, "no a"),
            b: z.object({ c: z.string().refine(() => false, "no c") }),
          }),
          handler: () => "",
        },
      },
    });
    const host = await createTestHost(plugin);
    await expect(host.callTool("both", { a: "", b: { c: "" } })).rejects.toMatchObject({
      name: "ToolError",
      message: "Invalid arguments: a: no a; b.c: no c",
    });
  });

  it("says the place once when the library has said it already", async () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        even: { description: "d", input: type({ count: "number % 2" }), handler: () => "" },
      },
    });
    await expect(plugin.executeTool("even", { count: 3 })).rejects.toMatchObject({
      message: "Invalid arguments: count must be even (was 3)",
    });
  });

  it("does not tell the model what a schema's own code throws", async () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        broken: {
          description: "d",
          input: z.object({
            a: z.string().refine(() => {
              throw new RangeError("a bug");
            }),
          }),
          handler: () => "",
        },
      },
    });
    const host = await createTestHost(plugin);
    await expect(host.callTool("broken", { a: "" })).rejects.toMatchObject({ name: "RangeError" });
  });

  it.each(["constructor", "__proto__", "toString", "missing"])(
    "has no tool, prompt or completion of the name %s that it did not define",
    async (name) => {
      const plugin = definePlugin({
        ...base,
        tools: { a: { description: "d", handler: () => "" } },
        prompts: { p: { handler: () => "", complete: {} } },
      });
      const host = await createTestHost(plugin);
      const ref = { type: "prompt", name: "p" } as const;
      const unknown = { type: "prompt", name } as const;
      const argument = { name, value: "" };
      const call = {} as never;
      await expect(plugin.executeTool(name, {}, call)).rejects.toThrow(`Unknown tool: ${name}`);
      expect(await plugin.getPrompt?.(name, {}, call)).toBeNull();
      expect(await host.complete({ ref, argument, context: {} })).toEqual([]);
      expect(await host.complete({ ref: unknown, argument, context: {} })).toEqual([]);
    },
  );
});

describe("a result with an output schema", () => {
  const output = z.object({ total: z.number(), currency: z.string().default("EUR") });
  const host = (answer: () => unknown) =>
    createTestHost(
      definePlugin({
        ...base,
        tools: {
          price: { description: "d", output, handler: answer as () => z.input<typeof output> },
        },
      }),
    );

  it("gets its defaults and loses what the schema does not have", async () => {
    const { callTool } = await host(() => ({ total: 3, cost: 1 }));
    expect(await callTool("price")).toEqual({ total: 3, currency: "EUR" });
  });

  it("passes through the schema inside of a whole MCP result, too", async () => {
    const content = [{ type: "text", text: "Three." }];
    const { callTool } = await host(() => ({ content, structuredContent: { total: 3 } }));
    expect(await callTool("price")).toEqual({
      content,
      structuredContent: { total: 3, currency: "EUR" },
    });
  });

  it("may be a question instead", async () => {
    const { callTool } = await host(() => inputRequired({ state: { step: 1 } }));
    expect(await callTool("price")).toEqual({ resultType: "input_required", state: { step: 1 } });
  });

  it("may be a refusal instead", async () => {
    const refusal = { content: [{ type: "text", text: "Sold out." }], isError: true };
    const { callTool } = await host(() => refusal);
    expect(await callTool("price")).toEqual(refusal);
  });

  it.each([
    { answer: { total: "3" }, fault: "total: " },
    { answer: "3", fault: "" },
    { answer: undefined, fault: "" },
    { answer: { content: [], structuredContent: {} }, fault: "total: " },
  ])("that breaks it is the plugin's fault: $answer", async ({ answer, fault }) => {
    const { callTool } = await host(() => answer);
    await expect(callTool("price")).rejects.toMatchObject({
      name: "TypeError",
      message: expect.stringContaining(`Tool "price" broke its own output schema: ${fault}`),
    });
  });
});
