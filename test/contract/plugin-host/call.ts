import { describe, expect, it } from "vitest";
import { asJson, FRAME, type Harness } from "./harness.ts";

export function callContract({ withRunning }: Harness): void {
  describe("call", () => {
    it.each([
      [{}],
      [
        {
          text: "häßlich \u2028 \ud83d\ude00",
          n: -0.5,
          list: [[], {}, null],
          deep: { a: { b: 1 } },
        },
      ],
      [JSON.parse('{"__proto__":{"x":1},"constructor":"c"}') as Record<string, unknown>],
    ])("runs a tool with the arguments %j", (args) =>
      withRunning(async ({ callTool }) => {
        expect(JSON.stringify(await callTool("echo", args))).toBe(JSON.stringify(args));
      }),
    );

    it("answers nothing for a tool that returns nothing", () =>
      withRunning(async ({ call }) => {
        const outcome = await call({ kind: "tool", name: "nothing", args: {} });
        expect(outcome.kind === "result" && (outcome.value ?? null)).toBeNull();
      }));

    it("tells the plugin whose call it is", () =>
      withRunning(async ({ callTool }) => {
        expect(await callTool("call")).toEqual({ ...FRAME, input: null });
      }));

    it("reads resources", () =>
      withRunning(async ({ call }) => {
        expect(await call({ kind: "resource", uri: "contract://7" })).toEqual({
          kind: "result",
          value: { uri: "contract://7", text: "read for client-1" },
        });
        expect(await call({ kind: "resource", uri: "contract://gone" })).toEqual({
          kind: "result",
          value: null,
        });
      }));

    it("gets prompts", () =>
      withRunning(async ({ call }) => {
        const outcome = await call({ kind: "prompt", name: "ask", args: { topic: "tea" } });
        expect(outcome).toEqual({
          kind: "result",
          value: {
            messages: [{ role: "user", content: { type: "text", text: "ask tea request-1" } }],
          },
        });
      }));

    it("completes arguments", () =>
      withRunning(async ({ call }) => {
        const request = {
          ref: { type: "prompt" as const, name: "ask" },
          argument: { name: "topic", value: "te" },
          context: { language: "en" },
        };
        const { ref, argument, context } = request;
        expect(await call({ kind: "complete", request })).toEqual({
          kind: "result",
          value: { values: [JSON.stringify([ref, argument, context])], total: 1, hasMore: false },
        });
      }));

    it("has no resource, and completes nothing, where the plugin does neither", () =>
      withRunning(
        async ({ call }) => {
          expect(await call({ kind: "resource", uri: "a:b" })).toEqual({
            kind: "result",
            value: null,
          });
          const request = {
            ref: { type: "resource" as const, uriTemplate: "a:{b}" },
            argument: { name: "b", value: "" },
            context: {},
          };
          expect(await call({ kind: "complete", request })).toEqual({
            kind: "result",
            value: [],
          });
        },
        { module: "factory", config: {} },
      ));

    it("runs calls side by side", () =>
      withRunning(async ({ callTool }) => {
        const order: unknown[] = [];
        await Promise.all([60, 5].map(async (ms) => order.push(await callTool("sleep", { ms }))));
        expect(order).toEqual(["slept 5", "slept 60"]);
      }));

    it("passes progress, logs and the end of the stream on, in order, before the result", () =>
      withRunning(async ({ callTool, events }) => {
        expect(await callTool("report")).toBe("reported");
        expect(asJson(events)).toEqual([
          ["progress", 1, 3],
          ["progress", 2, 3, "half"],
          ["log", "warning", { low: true }],
          ["closeStream"],
          ["progress", 3, 3, "done"],
        ]);
      }));

    it("tells the plugin when a call is cancelled", () =>
      withRunning(async ({ callTool, abort }) => {
        const call = callTool("wait");
        setTimeout(abort, 20);
        expect(await call).toBe("aborted true");
      }));

    it("asks for input, and hands the answers over", () =>
      withRunning(async ({ call, callTool }) => {
        expect(await call({ kind: "tool", name: "ask", args: {} })).toEqual({
          kind: "input-required",
          inputRequests: {
            name: { method: "elicitation/create", params: { mode: "form", message: "Name?" } },
          },
          state: { step: 1 },
        });
        expect(await call({ kind: "tool", name: "askState", args: {} })).toEqual({
          kind: "input-required",
          inputRequests: null,
          state: [1, null],
        });
        const input = {
          responses: { name: { action: "accept", content: { name: "Ada" } } },
          state: { step: 1 },
        };
        expect(await callTool("ask", {}, input)).toEqual({ got: input });
      }));
  });
}
