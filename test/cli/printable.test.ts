import { expect, it } from "vitest";
import { printable } from "../../adapters/node/cli/printable.ts";
import { toTable } from "../../adapters/node/cli/table.ts";

it.each([
  ["plain text – Zürich 🙂", "plain text – Zürich 🙂"],
  ["\u001b[2J\u001b]52;c;aGk=\u0007", String.raw`\u001b[2J\u001b]52;c;aGk=\u0007`],
  ["a\nb\rc\td", String.raw`a\u000ab\u000dc\u0009d`],
  ["\u202eabc\u2066", String.raw`\u202eabc\u2066`],
])("what moves a terminal's cursor is shown as it is written in JSON: %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

it("a table has none of it, and its columns stand one below the other", () => {
  const rows = [
    ["A", "B"],
    ["x\u001b[31m", "y"],
  ];
  expect(toTable(rows)).toBe(String.raw`A            B
x\u001b[31m  y
`);
});
