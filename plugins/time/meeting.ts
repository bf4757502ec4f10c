import { ToolError } from "mcp-plugin-server/plugin";
import { Temporal } from "temporal-polyfill";
import { attempt } from "./date-times.ts";
import { readZone, suggestZones } from "./zones.ts";

const WORK_BEGINS = Temporal.PlainTime.from("09:00");
const WORK_ENDS = Temporal.PlainTime.from("17:00");

export interface MeetingWishes {
  /** Zone names with commas between them. */
  readonly zones: string;
  /** `2026-07-01`; today, in the first of the zones, when left out. */
  readonly date?: string | undefined;
  readonly minutes: number;
}

/**
 * Asks the model for a time that suits everybody. The arithmetic is done here, because models are bad at it.
 *
 * @throws ToolError for a zone or a date that does not exist
 */
export function writeMeetingRequest(
  { zones, date, minutes }: MeetingWishes,
  now: Temporal.Instant,
): string {
  const names = [...new Set(splitList(zones).map(readZone))];
  if (names.length === 0) throw new ToolError("Name the time zones of those who meet.");
  const day =
    date === undefined
      ? now.toZonedDateTimeISO(names[0]!).toPlainDate()
      : attempt(
          () => Temporal.PlainDate.from(date.trim(), { overflow: "reject" }),
          `"${date}" is not a date. Write it as 2026-07-01.`,
        );
  const days = names.map((timeZone) => ({
    timeZone,
    begins: day.toZonedDateTime({ timeZone, plainTime: WORK_BEGINS }).toInstant(),
    ends: day.toZonedDateTime({ timeZone, plainTime: WORK_ENDS }).toInstant(),
  }));
  const begin = days.map(({ begins }) => begins).reduce(later);
  const end = days.map(({ ends }) => ends).reduce(earlier);
  const common = Temporal.Instant.compare(begin.add({ minutes }), end) <= 0;
  return [
    `Find a time for a meeting of ${minutes} minutes on ${day.toString()} between people in these time zones.`,
    `They work from 09:00 to 17:00 where they are:`,
    ...days.map(({ timeZone, begins, ends }) => `- ${timeZone}: ${toSpan(begins, ends)}`),
    common
      ? `All of them work during ${toSpan(begin, end)}.`
      : `They do not all work at once for that long. Say so, and find the times that ask the least of everybody.`,
    `Propose up to three times and give each of them in every zone; the tool convert makes sure of it.`,
  ].join("\n");
}

/** Completes the last name of the list. */
export function completeZoneList(typed: string): string[] {
  const at = typed.lastIndexOf(",") + 1;
  const before = at === 0 ? "" : `${typed.slice(0, at)} `;
  const chosen = new Set(splitList(before));
  return suggestZones(typed.slice(at))
    .filter((name) => !chosen.has(name))
    .map((name) => `${before}${name}`);
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function toSpan(begin: Temporal.Instant, end: Temporal.Instant): string {
  return `${toMinute(begin)} to ${toMinute(end)}`;
}

function toMinute(instant: Temporal.Instant): string {
  return instant.toString({ smallestUnit: "minute" });
}

function later(a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.compare(a, b) > 0 ? a : b;
}

function earlier(a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.compare(a, b) < 0 ? a : b;
}
