import { describe, expect, it } from "vitest";
import { ToolError } from "../../../src/plugins/index.ts";
import {
  cycle,
  errorsOf,
  expectHealthy,
  fail,
  FAULTS,
  healthy,
  SECRET,
} from "../../helpers/faults.ts";
import { modern } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { WAYS } from "../../helpers/ways.ts";

describe.each(WAYS)("a plugin's resources, prompts and suggestions, $way", ({ open }) => {
  const REQUESTS: readonly [method: string, params: Record<string, unknown>][] = [
    ["resources/read", { uri: "bad://thing" }],
    ["prompts/get", { name: "bad_ask" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "bad_ask" }, argument: { name: "a", value: "" } },
    ],
  ];
  const plugins = (run: () => unknown) => ({
    bad: testPlugin({
      getResources: () => [{ uri: "bad://thing", name: "thing" }],
      readResource: run as () => Promise<unknown>,
      getPrompts: () => [{ name: "ask" }],
      getPrompt: run as () => Promise<unknown>,
      complete: run as () => Promise<string[]>,
    }),
    good: healthy(),
  });

  describe.each(REQUESTS)("%s", (method, params) => {
    it.each(FAULTS)(
      "that %s fail by themselves and tell the client nothing of it",
      async (_, run, logged) => {
        const app = await open({ plugins: plugins(run) });
        const { status, body } = await modern(app, method, params);
        const [error, ...more] = errorsOf(app);
        const { requestId, ...fields } = error!.fields;
        expect(status).toBe(200);
        expect(body.error).toEqual({
          code: -32603,
          message: `Plugin "bad" failed. Request id: ${String(requestId)}`,
        });
        expect(fields).toEqual({ plugin: "bad", error: expect.stringContaining(logged ?? "") });
        expect(more).toEqual([]);
        await expectHealthy(app);
      },
    );

    it("that throw a ToolError tell its words", async () => {
      const app = await open({ plugins: plugins(() => fail(new ToolError("Not today."))) });
      const { body } = await modern(app, method, params);
      expect(body.error).toEqual({ code: -32603, message: "Not today." });
      expect(errorsOf(app)).toEqual([]);
    });

    it.each<[what: string, value: unknown]>([
      ["a number", 5],
      ["a BigInt", 5n],
      ["a cycle", cycle()],
      [
        "a BigInt in its right place",
        { contents: [{ text: 5n }], messages: [{ role: 5n }], values: [5n] },
      ],
      [
        "a cycle beside the right thing",
        { contents: [{ text: "" }], messages: [], values: [], more: cycle() },
      ],
      [
        "20 MB",
        {
          contents: [{ text: "x".repeat(20_000_000) }],
          messages: [],
          values: ["x".repeat(20_000_000)],
          description: "x".repeat(20_000_000),
        },
      ],
      [
        "a getter that throws",
        {
          get contents() {
            return fail(new Error(SECRET));
          },
          get messages() {
            return fail(new Error(SECRET));
          },
          get values() {
            return fail(new Error(SECRET));
          },
        },
      ],
      ["a list of nothing", [null]],
      ["a function", () => SECRET],
    ])("that answer %s fail by themselves", async (_, value) => {
      const app = await open({ plugins: plugins(() => value) });
      const { body } = await modern(app, method, params);
      const [error, ...more] = errorsOf(app);
      expect(body.error).toEqual({
        code: -32603,
        message: `Plugin "bad" gave an invalid answer. Request id: ${String(error!.fields["requestId"])}`,
      });
      expect(error!.message).toBe("The plugin's answer does not have the shape of an MCP result");
      expect(more).toEqual([]);
      await expectHealthy(app);
    });
  });
});
