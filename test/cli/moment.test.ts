import { describe, expect, it } from "vitest";
import { parseMoment } from "../../adapters/node/cli/moment.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

describe("a moment", () => {
  it.each([
    ["90s", NOW - 90_000],
    ["30m", NOW - 1_800_000],
    ["12h", NOW - 43_200_000],
    ["7d", NOW - 604_800_000],
    ["0s", NOW],
    ["2026-11-22T09:30:00Z", Date.UTC(2026, 10, 22, 9, 30)],
    ["2026-11-22T09:30+02:00", Date.UTC(2026, 10, 22, 7, 30)],
    ["2026-11-22T09:30:15.250Z", Date.UTC(2026, 10, 22, 9, 30, 15, 250)],
    ["2026-11-22", new Date(2026, 10, 22).getTime()],
    ["2026-11-22T09:30", new Date(2026, 10, 22, 9, 30).getTime()],
  ])("can be written %s", (text, expected) => {
    expect(parseMoment(text, NOW)).toBe(expected);
  });

  it.each([
    "",
    "yesterday",
    "7",
    "7w",
    "-7d",
    "1.5h",
    "2026",
    "22.11.2026",
    "2026-13-01",
    "2026-11-22 09:30",
  ])("cannot be written %j", (text) => {
    expect(() => parseMoment(text, NOW)).toThrow("It must be a date or time such as 2026-11-22");
  });
});
