import { describe, expect, it } from "vitest";
import { LogLines } from "../../../adapters/node/log-lines.ts";

function logged(pieces: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const log = new LogLines((line) => lines.push(line));
  for (const piece of pieces) {
    log.write(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  }
  log.flush();
  return lines;
}

describe("what is written becomes lines of the log", () => {
  it.each([
    ["a line", ["one\n"], ["one"]],
    ["several at once", ["one\r\ntwo\n"], ["one", "two"]],
    ["one in pieces", ["o", "n", "e\n"], ["one"]],
    ["one that nothing ends", ["one\ntwo"], ["one", "two"]],
    ["blank lines, which say nothing", ["\n\n  \none\n\n"], ["one"]],
  ])("%s", (_, pieces, lines) => {
    expect(logged(pieces)).toEqual(lines);
  });

  it("a character in pieces", () => {
    const bytes = new TextEncoder().encode("Grüße\n");
    expect(logged([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(["Grüße"]);
  });

  it.each(["", "\n"])("a long one in parts, without holding it (ended by %j)", (end) => {
    const parts = logged(["x".repeat(20_000), `y${end}`]);
    expect(parts.join("")).toBe(`${"x".repeat(20_000)}y`);
    expect(Math.max(...parts.map(({ length }) => length))).toBe(8 * 1024);
  });
});
