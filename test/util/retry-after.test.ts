import { expect, it } from "vitest";
import { retryAfterMs } from "../../src/util/retry-after.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

it.each([
  ["0", 0],
  ["7", 7_000],
  ["1.5", 1_500],
  ["31536000", 31_536_000_000],
  ["Mon, 01 Jun 2026 12:00:09 GMT", 9_000],
  ["Mon, 01 Jun 2026 11:00:00 GMT", 0],
  ["soon", null],
  ["", null],
])('"%s" asks to wait for %s ms', (header, ms) => {
  expect(retryAfterMs(new Headers({ "retry-after": header }), NOW)).toBe(ms);
});

it("asks for nothing when it is not there", () => {
  expect(retryAfterMs(new Headers(), NOW)).toBeNull();
});
