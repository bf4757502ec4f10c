import { describe, expect, it } from "vitest";
import { placeOf } from "../../src/util/error-place.ts";

function withStack(stack: string, cause?: unknown): Error {
  return Object.assign(new Error("x", { cause }), { stack });
}

describe("the place of an error in a plugin", () => {
  it.each([
    ["a frame", "Error: x\n    at run (file:///p/demo/index.ts:3:7)", "/p/demo/index.ts:3:7"],
    ["a frame without a name", "Error: x\n    at file:///p/demo/a.ts:1:2", "/p/demo/a.ts:1:2"],
    ["an async frame", "Error: x\n    at async file:///p/demo/a.ts:1:2", "/p/demo/a.ts:1:2"],
    ["a CommonJS frame", "Error: x\n    at run (/p/demo/index.cjs:3:7)", "/p/demo/index.cjs:3:7"],
    ["a syntax error's first line", "/p/demo/bad.ts:4\n}\n\nSyntaxError: x", "/p/demo/bad.ts:4"],
    ["the same as a URL", "file:///p/demo/bad.ts:4\n}\n\nSyntaxError: x", "/p/demo/bad.ts:4"],
    ["a path with spaces", "Error\n  at file:///p/demo/my%20file.ts:1:2", "/p/demo/my file.ts:1:2"],
    [
      "the plugin's frame below a library's",
      "Error: x\n at a (file:///lib/zod.js:9:9)\n at b (file:///p/demo/index.ts:5:1)",
      "/p/demo/index.ts:5:1",
    ],
  ])("is read from %s", (_, stack, place) => {
    expect(placeOf(withStack(stack), "/p/demo/")).toBe(place);
  });

  it("is found in a cause", () => {
    const cause = withStack("Error: x\n    at file:///p/demo/a.ts:1:2");
    expect(placeOf(withStack("Error: y\n    at node:internal:1:1", cause), "/p/demo/")).toBe(
      "/p/demo/a.ts:1:2",
    );
  });

  it.each([["Error: x"], [""], ["Error: x\n    at file:///elsewhere/a.ts:1:2"], ["Error: 1:2"]])(
    "is unknown when the stack is %j",
    (stack) => {
      expect(placeOf(withStack(stack), "/p/demo/")).toBeNull();
    },
  );

  it("is unknown of what is no error, and of a cause that goes in circles", () => {
    const circle = withStack("Error: x");
    circle.cause = circle;
    expect(placeOf("text", "/p/demo/")).toBeNull();
    expect(placeOf(circle, "/p/demo/")).toBeNull();
  });

  it("is unknown of an error whose members throw", () => {
    const fail = () => {
      throw new Error("hostile");
    };
    const hostile = new Error("x");
    Object.defineProperty(hostile, "stack", { get: fail });
    Object.defineProperty(hostile, "cause", { get: fail });
    expect(placeOf(hostile, "/p/demo/")).toBeNull();
  });
});
