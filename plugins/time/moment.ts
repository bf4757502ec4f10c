import { z } from "mcp-plugin-server/plugin";
import type { Temporal } from "temporal-polyfill";

/** How every tool of this plugin tells a moment. */
export const momentSchema = z.object({
  dateTime: z.string().describe("Local date and time with its UTC offset, in ISO 8601."),
  timeZone: z.string().describe("The zone of the local time."),
  utcOffset: z.string().describe("Such as +02:00."),
  weekday: z.string().describe("Day of the week there, in English."),
  utc: z.string().describe("The same moment in UTC, in ISO 8601."),
});

const WEEKDAYS = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

export function describeMoment(moment: Temporal.ZonedDateTime): z.infer<typeof momentSchema> {
  return {
    dateTime: toText(moment),
    timeZone: moment.timeZoneId,
    utcOffset: moment.offset,
    weekday: WEEKDAYS[moment.dayOfWeek - 1]!,
    utc: moment.toInstant().toString(),
  };
}

/** ISO 8601 with the offset, without the zone in brackets that Temporal would add. */
export function toText(moment: Temporal.ZonedDateTime): string {
  return moment.toString({ timeZoneName: "never" });
}
