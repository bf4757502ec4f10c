import { describe, expect, it } from "vitest";
import type { MCPPlugin } from "../../../src/types/plugin.ts";
import { createTestManager, createTracedPlugin } from "../../helpers/manager.ts";

const SCHEMA = {
  type: "object",
  properties: {
    org: { type: "string" },
    depth: { type: "integer", default: 3 },
    nested: { type: "object", properties: { on: { type: "boolean", default: true } }, default: {} },
  },
  required: ["org"],
  additionalProperties: false,
};

async function startWith(
  config: Record<string, unknown>,
  { configSchema, manifest }: { configSchema?: object; manifest?: Record<string, unknown> },
) {
  const steps: string[] = [];
  const seen: unknown[] = [];
  const members: Partial<MCPPlugin> = {
    initialize: async (context) => void seen.push(context.config),
    ...(configSchema && { configSchema: configSchema as Record<string, unknown> }),
  };
  const test = createTestManager({
    plugins: { a: createTracedPlugin("a", steps, members) },
    entries: { a: { config } },
    ...(manifest && { manifests: { a: { config: manifest } } }),
  });
  await test.manager.start();
  return { seen, steps, ...test.statusOf("a") };
}

describe("a plugin's settings", () => {
  it.each([
    { configSchema: SCHEMA },
    { manifest: SCHEMA },
    { configSchema: SCHEMA, manifest: SCHEMA },
  ])("reach it with their defaults filled in (%#)", async (schemas) => {
    const { seen, state } = await startWith({ org: "acme" }, schemas);
    expect([state, seen]).toEqual(["running", [{ org: "acme", depth: 3, nested: { on: true } }]]);
  });

  it("reach it as they are when there is no schema", async () => {
    const config = { anything: [1, { goes: null }] };
    expect((await startWith(config, {})).seen).toEqual([config]);
  });

  it("are its own copy", async () => {
    const config = { org: "acme", nested: { on: false } };
    const { seen } = await startWith(config, { configSchema: SCHEMA });
    (seen[0] as { nested: object }).nested = {};
    expect(config).toEqual({ org: "acme", nested: { on: false } });
  });

  it.each([
    { what: "lack a member", config: {}, fault: "/ must have required property 'org'" },
    {
      what: "have a value of another type",
      config: { org: "acme", depth: "secret-value" },
      fault: "/depth must be integer",
    },
    {
      what: "have a member too many",
      config: { org: "acme", extra: "secret-value" },
      fault: "/ must NOT have additional properties (extra)",
    },
  ])("never reach it when they $what, and the reason names the place alone", async (row) => {
    for (const schemas of [{ configSchema: SCHEMA }, { manifest: SCHEMA }]) {
      const { seen, steps, state, error } = await startWith(row.config, schemas);
      expect([state, error]).toEqual(["failed", `Its settings are not valid: ${row.fault}.`]);
      expect([seen, steps]).toEqual([[], []]);
    }
  });

  it("may hold a member that is refused altogether: the reason says where it belongs", async () => {
    const schema = {
      properties: {
        org: { not: {}, description: "The organization is the credential org now" },
        mute: { not: {} },
      },
    };
    for (const schemas of [{ configSchema: schema }, { manifest: schema }]) {
      expect(await startWith({ org: "secret-value" }, schemas)).toMatchObject({
        state: "failed",
        error: "Its settings are not valid: /org: The organization is the credential org now.",
        steps: [],
      });
      expect(await startWith({ mute: 1 }, schemas)).toMatchObject({
        error: "Its settings are not valid: /mute must NOT be valid.",
      });
      expect(await startWith({ other: 1 }, schemas)).toMatchObject({ state: "running" });
    }
  });

  it("must satisfy the manifest's schema and the plugin's, where there are both", async () => {
    const schemas = { manifest: { required: ["a"] }, configSchema: { required: ["b"] } };
    expect(await startWith({ a: 1, b: 1 }, schemas)).toMatchObject({ state: "running" });
    expect(await startWith({ a: 1 }, schemas)).toMatchObject({ state: "failed" });
    expect(await startWith({ b: 1 }, schemas)).toMatchObject({ state: "failed" });
  });

  it.each([
    {
      what: "breaks its meta-schema",
      configSchema: { type: "text" },
      error: /^Its settings schema breaks its meta-schema: \/type /,
    },
    {
      what: "refers to another document",
      configSchema: { $ref: "https://example.org/schema.json" },
      error:
        /^Its settings schema refers to "https:\/\/example.org\/schema.json", outside of itself/,
    },
    {
      what: "does not compile",
      configSchema: { $ref: "#/nowhere" },
      error: /^Its settings schema does not compile: /,
    },
  ])("never reach it when their schema $what", async ({ configSchema, error }) => {
    const started = await startWith({}, { configSchema });
    expect([started.state, started.steps]).toEqual(["failed", []]);
    expect(started.error).toMatch(error);
  });
});
