import { Temporal } from "temporal-polyfill";
import { attempt, toMoment, type Disambiguation } from "./date-times.ts";

/** @throws ToolError */
export function readDuration(text: string): Temporal.Duration {
  return attempt(
    () => Temporal.Duration.from(text.trim()),
    `"${text}" is not an ISO 8601 duration. Write a day as P1D, an hour and a half as PT1H30M, a month back as -P1M.`,
  );
}

/**
 * Adds the calendar part (years to days) on the clock on the wall, then the rest (hours and less) in real time. So a
 * day later is the same time of day, also when the day had 23 or 25 hours, and 24 hours later need not be.
 *
 * @throws ToolError when the calendar part ends at a time that is no single moment, unless told which to take
 */
export function addDuration(
  start: Temporal.ZonedDateTime,
  duration: Temporal.Duration,
  disambiguation: Disambiguation,
): Temporal.ZonedDateTime {
  const { years, months, weeks, days } = duration;
  const rest = duration.with({ years: 0, months: 0, weeks: 0, days: 0 });
  return attempt(() => {
    const before = start.toPlainDateTime();
    const local = before.add({ years, months, weeks, days });
    const landed = local.equals(before) ? start : toMoment(local, start.timeZoneId, disambiguation);
    return landed.add(rest);
  }, "The duration leads out of the years that can be computed, -271821 to 275760.");
}
