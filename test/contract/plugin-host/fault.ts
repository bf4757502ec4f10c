import { describe, expect, it } from "vitest";
import { toToolResult } from "../../../src/core/tool-result.ts";
import type { Harness } from "./harness.ts";

export function faultContract({ withRunning }: Harness): void {
  describe("a plugin's fault", () => {
    it.each([[undefined], [{ city: "Atlantis" }], [[1]], ["text"], [null]])(
      "is an answer when it is a ToolError, known by its name, with the data %j",
      (data) =>
        withRunning(async ({ call }) => {
          const args = data === undefined ? {} : { data };
          expect(await call({ kind: "tool", name: "toolError", args })).toEqual({
            kind: "tool-error",
            message: "The city is unknown.",
            ...(data !== undefined && { data }),
          });
        }),
    );

    it("makes the call reject, with its message for the log", () =>
      withRunning(async ({ callTool }) => {
        await expect(callTool("plainError")).rejects.toThrow("secret path /etc/passwd");
        await expect(callTool("plainError")).rejects.toMatchObject({
          name: "TypeError",
          stack: expect.stringMatching(/contract\/index\.js:\d+/),
        });
        await expect(callTool("unknown-tool")).rejects.toThrow("no tool unknown-tool");
        const odd: unknown = await callTool("oddError").then(
          () => "resolved",
          () => "rejected",
        );
        expect(odd).toBe("rejected");
        expect(await callTool("echo", { still: "here" })).toEqual({ still: "here" });
      }));

    it.each(["cycle", "bigInt", "function", "large"])(
      "gives no result to anybody when a tool returns a %s, and the next call works",
      (tool) =>
        withRunning(async ({ call, callTool }) => {
          const refused = await call({ kind: "tool", name: tool, args: {} }).then(
            (outcome) => outcome.kind === "result" && !toToolResult(outcome.value, false).ok,
            () => true,
          );
          expect(refused).toBe(true);
          expect(await callTool("echo", { still: "here" })).toEqual({ still: "here" });
        }),
    );
  });
}
