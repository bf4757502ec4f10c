import { describe, expect, it } from "vitest";
import { LineReader } from "../../adapters/node/stdio-lines.ts";

function read(chunks: readonly (string | Uint8Array)[], maxBytes = 10): (string | null)[] {
  const heard: (string | null)[] = [];
  const lines = new LineReader(maxBytes, {
    onLine: (line) => heard.push(line),
    onTooLong: () => heard.push(null),
  });
  for (const chunk of chunks) lines.push(Buffer.from(chunk));
  lines.end();
  return heard;
}

describe("lines", () => {
  it.each<[what: string, chunks: (string | Uint8Array)[], lines: (string | null)[]]>([
    ["nothing", [], []],
    ["an empty chunk", [""], []],
    ["one line", ["one\n"], ["one"]],
    ["a line without an end", ["one"], ["one"]],
    ["two lines in one chunk", ["one\ntwo\n"], ["one", "two"]],
    ["a line in three chunks", ["o", "n", "e\n"], ["one"]],
    ["an end of line that is a chunk", ["one", "\n", "two"], ["one", "two"]],
    ["the line ends of Windows", ["one\r\ntwo\r", "\n"], ["one", "two"]],
    ["blank lines", ["\n\r\n \n\t\none\n\n"], ["one"]],
    ["a byte order mark", ["\uFEFFone\n"], ["one"]],
    ["a character in two chunks", [Buffer.from("ä").subarray(0, 1), Buffer.from([0xa4])], ["ä"]],
    ["what is no UTF-8", [Uint8Array.of(0x61, 0xff, 0x62)], ["a\uFFFDb"]],
    ["as many bytes as there may be", ["0123456789\nx"], ["0123456789", "x"]],
    ["one byte more", ["0123456789a\nx"], [null, "x"]],
    ["more bytes than characters", ["äääää\nääääää\nx"], ["äääää", null, "x"]],
    ["too much in many chunks", ["01234", "56789", "a", "b", "c\nx\n"], [null, "x"]],
    ["too much without an end", ["0123456789", "a"], [null]],
    ["too much twice", ["0123456789a\n0123456789b\n"], [null, null]],
  ])("are found in %s", (_, chunks, lines) => {
    expect(read(chunks)).toEqual(lines);
  });

  it("are the same wherever the chunks begin and end", () => {
    const bytes = Buffer.from("ein Wörtchen\r\n\n😀\n€uro\nlast");
    const whole = read([bytes], 100);
    expect(whole).toEqual(["ein Wörtchen", "😀", "€uro", "last"]);
    for (let size = 1; size < bytes.length; size++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(read(chunks, 100)).toEqual(whole);
    }
  });
});
