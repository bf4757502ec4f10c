import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { reportError } from "../../adapters/node/cli/report-error.ts";
import { AppError } from "../../src/index.ts";

function report(error: unknown, json = false) {
  let text = "";
  const exitCode = reportError(error, json, { out: () => {}, err: (part) => void (text += part) });
  return { exitCode, text };
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("a failed command", () => {
  it("says what to change, without a stack, when settings or surroundings are wrong", () => {
    expect(report(new AppError("CONFIG_INVALID", "Change this."))).toEqual({
      exitCode: 2,
      text: "mcp-plugin-server: Change this.\n",
    });
  });

  it("says in the system's own words what the system refused", () => {
    expect(report(thrownBy(() => readFileSync("/nowhere/at/all")))).toEqual({
      exitCode: 2,
      text: "mcp-plugin-server: ENOENT: no such file or directory, open '/nowhere/at/all'\n",
    });
  });

  it("shows the stack of what should not happen", () => {
    const { exitCode, text } = report(new TypeError("x is not a function"));
    expect(exitCode).toBe(3);
    expect(text).toMatch(/^mcp-plugin-server: x is not a function\nTypeError: .+\n +at /);
  });

  it("is one line of JSON when JSON was asked for, without a stack", () => {
    const { exitCode, text } = report(new TypeError("x is not a function"), true);
    expect(exitCode).toBe(3);
    expect(text).toBe('{"error":{"code":"INTERNAL","message":"x is not a function"}}\n');
  });
});
