import { type } from "arktype";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  createTestHost,
  definePlugin,
  inputRequired,
  z,
  type CallContext,
  type MCPPlugin,
} from "../../src/plugins/index.ts";

// The compiler runs these tests, too: `tsc -b` fails when a type is another one, or an expected error is none.

const base = { name: "typed", version: "1.0.0", description: "Checks types." } as const;
const city = z.object({ city: z.string(), days: z.number().default(1) });

describe("the types of a definition", () => {
  it("follow from zod: arguments as the schema answers them", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        forecast: {
          description: "Forecasts.",
          input: city,
          handler: (args, { call }) => {
            expectTypeOf(args).toEqualTypeOf<{ city: string; days: number }>();
            expectTypeOf(call).toEqualTypeOf<CallContext>();
          },
        },
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<MCPPlugin>();
    expect(plugin.getTools()).toHaveLength(1);
  });

  it("know how a plugin authenticates, and have its tokens signed", () => {
    definePlugin({
      ...base,
      auth: {
        type: "jwt",
        required: true,
        owner: "user",
        fields: { key: { type: "password", required: true, description: "d", validation: /^k/ } },
      },
      initialize: async ({ signJwt }) => {
        const token = signJwt({ claims: { iss: "a" }, algorithm: "ES256", header: { kid: "k" } });
        expectTypeOf(token).toEqualTypeOf<Promise<string>>();
        // @ts-expect-error -- an unsigned token is none
        void signJwt({ claims: {}, algorithm: "none" });
        // @ts-expect-error -- who checks a token decides how
        void signJwt({ claims: {}, algorithm: "ES256", header: { alg: "none" } });
      },
    });
    // @ts-expect-error -- whose credentials they are is shared or user
    definePlugin({ ...base, auth: { type: "custom", required: true, owner: "all", fields: {} } });
  });

  it("follow from ArkType", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        forecast: {
          description: "Forecasts.",
          input: type({ city: "string > 0", "days?": "number.integer" }),
          handler: (args) => {
            expectTypeOf(args).toEqualTypeOf<{ city: string; days?: number }>();
          },
        },
      },
    });
    expect(plugin.getTools()[0]?.inputSchema).toEqual({
      type: "object",
      properties: { city: { type: "string", minLength: 1 }, days: { type: "integer" } },
      required: ["city"],
    });
  });

  it("follow from Valibot, whose JSON Schema is a package of its own", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        forecast: {
          description: "Forecasts.",
          input: toStandardJsonSchema(v.object({ city: v.string() })),
          handler: (args) => {
            expectTypeOf(args).toEqualTypeOf<{ city: string }>();
          },
        },
      },
    });
    expect(plugin.getTools()[0]?.inputSchema).toMatchObject({
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
    });
  });

  it("are any object for a tool without a schema", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        free: {
          description: "Takes anything.",
          handler: (args, { config }) => {
            expectTypeOf(args).toEqualTypeOf<Record<string, unknown>>();
            expectTypeOf(config).toEqualTypeOf<Record<string, unknown>>();
          },
        },
      },
    });
    expect(plugin.getTools()[0]?.inputSchema).toBeUndefined();
  });

  it("carry the settings into every function", () => {
    const defined = definePlugin({
      ...base,
      config: z.object({ unit: z.enum(["C", "F"]).default("C") }),
      initialize: ({ config }) => expectTypeOf(config).toEqualTypeOf<{ unit: "C" | "F" }>(),
      start: ({ config }) => expectTypeOf(config).toEqualTypeOf<{ unit: "C" | "F" }>(),
      stop: ({ config }) => expectTypeOf(config).toEqualTypeOf<{ unit: "C" | "F" }>(),
      cleanup: ({ config }) => expectTypeOf(config).toEqualTypeOf<{ unit: "C" | "F" }>(),
      tools: {
        unit: {
          description: "Tells the unit.",
          handler: (_args, { config, plugin }) => {
            expectTypeOf(config).toEqualTypeOf<{ unit: "C" | "F" }>();
            expectTypeOf(plugin.config).toEqualTypeOf<{ unit: "C" | "F" }>();
          },
        },
      },
      resources: {
        unit: {
          uri: ({ pluginId, config }) => `unit://${pluginId}/${config.unit}`,
          read: ({ config }) => config.unit,
        },
      },
      prompts: { unit: { handler: (_args, { config }) => config.unit } },
    });
    expect(defined.configSchema).toEqual({
      type: "object",
      properties: { unit: { type: "string", enum: ["C", "F"], default: "C" } },
    });
  });

  it("let a result be what the output schema accepts, a whole MCP result, or a question", () => {
    const output = z.object({ high: z.number(), note: z.string().default("") });
    const plugin = definePlugin({
      ...base,
      tools: {
        value: { description: "d", output, handler: () => ({ high: 1 }) },
        promised: { description: "d", output, handler: async () => ({ high: 1, note: "hot" }) },
        whole: {
          description: "d",
          output,
          handler: () => ({
            content: [{ type: "text", text: "Hot." }],
            structuredContent: { high: 1 },
          }),
        },
        question: {
          description: "d",
          output,
          handler: (_args, { call }) => (call.input ? { high: 1 } : inputRequired({ state: 1 })),
        },
      },
    });
    expect(plugin.getTools()).toHaveLength(4);
  });

  it("know a prompt's arguments", () => {
    const plugin = definePlugin({
      ...base,
      prompts: {
        plan: {
          input: z.object({ topic: z.string(), minutes: z.coerce.number().optional() }),
          complete: { topic: (typed) => [typed], minutes: () => ["30"] },
          handler: (args) => {
            expectTypeOf(args).toEqualTypeOf<{ topic: string; minutes?: number | undefined }>();
            return args.topic;
          },
        },
        bare: {
          handler: async () => ({
            messages: [{ role: "user", content: { type: "text", text: "Hello" } }],
          }),
        },
      },
    });
    expect(plugin.getPrompts?.()).toHaveLength(2);
  });
});

describe("the compiler refuses", () => {
  it("an argument that the schema does not have", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        // @ts-expect-error there is no argument "town"
        forecast: { description: "d", input: city, handler: ({ town }) => town as string },
      },
    });
    expect(plugin.name).toBe("typed");
  });

  it("a result that the output schema does not accept", async () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        forecast: {
          description: "d",
          output: z.object({ high: z.number() }),
          // @ts-expect-error the result lacks "high"
          handler: () => ({ low: 1 }),
        },
      },
    });
    const host = await createTestHost(plugin);
    await expect(host.callTool("forecast")).rejects.toThrow(
      'Tool "forecast" broke its own output schema: high:',
    );
  });

  it("a setting that the schema does not have", () => {
    const plugin = definePlugin({
      ...base,
      config: z.object({ unit: z.string() }),
      // @ts-expect-error there is no setting "units"
      initialize: ({ config }) => void config.units,
    });
    expect(plugin.name).toBe("typed");
  });

  it("a tool without a description", () => {
    const plugin = definePlugin({
      ...base,
      tools: {
        // @ts-expect-error the model has nothing to go by
        mystery: { handler: () => "?" },
      },
    });
    expect(plugin.getTools()[0]?.description).toBeUndefined();
  });

  it("completion of an argument that the prompt does not have", () => {
    const plugin = definePlugin({
      ...base,
      prompts: {
        plan: {
          input: z.object({ topic: z.string() }),
          // @ts-expect-error there is no argument "subject"
          complete: { subject: () => [] },
          handler: ({ topic }) => topic,
        },
      },
    });
    expect(plugin.name).toBe("typed");
  });

  it("a resource with neither contents nor a way to read them", () => {
    const plugin = definePlugin({
      ...base,
      // @ts-expect-error it needs text, blob or read
      resources: { empty: { uri: "empty://" } },
    });
    expect(plugin.name).toBe("typed");
  });

  it("a schema of a library that cannot say it in JSON Schema, as does the load", () => {
    const schema = v.object({ city: v.string() });
    const withInput = () =>
      definePlugin({
        ...base,
        tools: {
          forecast: {
            description: "d",
            // @ts-expect-error Valibot alone does not say what it is in JSON Schema
            input: schema,
            handler: () => "",
          },
        },
      });
    const withConfig = () =>
      definePlugin({
        ...base,
        // @ts-expect-error Valibot alone does not say what it is in JSON Schema
        config: schema,
      });
    expect(withInput).toThrow(
      /^The input schema of tool "forecast" cannot be used: .*@valibot\/to-json-schema/,
    );
    expect(withConfig).toThrow(/^The config schema cannot be used: .*@valibot\/to-json-schema/);
  });
});
