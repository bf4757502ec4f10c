import { definePlugin, z, type MCPPlugin } from "mcp-plugin-server/plugin";
import { Temporal } from "temporal-polyfill";
import {
  choiceSchema,
  dateTimeSchema,
  durationSchema,
  ownZoneSchema,
  zoneSchema,
} from "./arguments.ts";
import { readDateTime, type Disambiguation } from "./date-times.ts";
import { addDuration, readDuration } from "./durations.ts";
import { completeZoneList, writeMeetingRequest } from "./meeting.ts";
import { describeMoment, momentSchema } from "./moment.ts";
import { findZone, readZone, searchZones, suggestZones, zoneNames } from "./zones.ts";

/** These tools compute: they change nothing and reach for nothing. */
const COMPUTES = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

/**
 * Time zones and calendar arithmetic, without a key and without the network. The server calls this function and takes
 * the plugin that it returns.
 *
 * @param clock what time it is; tests bring their own
 */
export default function createTimePlugin(
  clock: () => Temporal.Instant = Temporal.Now.instant,
): MCPPlugin {
  const now = () => clock().round({ smallestUnit: "second", roundingMode: "floor" });
  const read = (text: string, timeZone: string, choice: Disambiguation = "reject") =>
    readDateTime(text, { timeZone, disambiguation: choice, now });

  return definePlugin({
    name: "time",
    version: "1.0.0",
    description: "Tells the time, converts it between time zones, and adds durations.",
    config: z.strictObject({
      timeZone: zoneSchema
        .refine((name) => findZone(name) !== null, "is not the name of an IANA time zone")
        .default("UTC")
        .describe("The zone for calls that name none, such as Europe/Berlin."),
    }),

    tools: {
      now: {
        title: "Current time",
        description: "Tells the current date and time in a time zone.",
        annotations: COMPUTES,
        input: z.strictObject({ timeZone: ownZoneSchema }),
        output: momentSchema,
        handler: ({ timeZone }, { config }) =>
          describeMoment(now().toZonedDateTimeISO(readZone(timeZone ?? config.timeZone))),
      },

      convert: {
        title: "Convert between time zones",
        description: "Converts a date-time from one time zone to another.",
        annotations: COMPUTES,
        input: z.strictObject({
          dateTime: dateTimeSchema,
          from: ownZoneSchema.describe(
            "Zone of the date-time, unless it names its own in brackets. Left out: the server's default.",
          ),
          to: zoneSchema.describe("Zone to convert to, such as Asia/Tokyo."),
          disambiguation: choiceSchema,
        }),
        output: z.object({ from: momentSchema, to: momentSchema }),
        handler: ({ dateTime, from, to, disambiguation }, { config }) => {
          const moment = read(dateTime, readZone(from ?? config.timeZone), disambiguation);
          return {
            from: describeMoment(moment),
            to: describeMoment(moment.withTimeZone(readZone(to))),
          };
        },
      },

      add_duration: {
        title: "Add or subtract a duration",
        description:
          "Adds a duration to a date-time. Years to days keep the time of day across clock changes, hours and less are real time; a day that a month does not have becomes its last day.",
        annotations: COMPUTES,
        input: z.strictObject({
          dateTime: dateTimeSchema,
          duration: durationSchema,
          timeZone: ownZoneSchema,
          disambiguation: choiceSchema,
        }),
        output: z.object({
          start: momentSchema,
          end: momentSchema,
          elapsed: z.string().describe("Real time between them, in hours and less, ISO 8601."),
        }),
        handler: ({ dateTime, duration, timeZone, disambiguation }, { config }) => {
          const start = read(dateTime, readZone(timeZone ?? config.timeZone), disambiguation);
          const end = addDuration(start, readDuration(duration), disambiguation);
          return {
            start: describeMoment(start),
            end: describeMoment(end),
            elapsed: start.until(end, { largestUnit: "hour" }).toString(),
          };
        },
      },

      difference: {
        title: "Difference of two date-times",
        description: "Tells how long it is from one date-time to another.",
        annotations: COMPUTES,
        input: z.strictObject({
          start: dateTimeSchema,
          end: dateTimeSchema,
          timeZone: ownZoneSchema,
          largestUnit: z.enum(["year", "month", "week", "day", "hour"]).default("day"),
          disambiguation: choiceSchema,
        }),
        output: z.object({
          start: momentSchema,
          end: momentSchema,
          duration: z.string().describe("ISO 8601, with nothing larger than largestUnit."),
          elapsed: z.string().describe("The same as real time, in hours and less, ISO 8601."),
        }),
        handler: ({ largestUnit, disambiguation, ...args }, { config }) => {
          const timeZone = readZone(args.timeZone ?? config.timeZone);
          const start = read(args.start, timeZone, disambiguation);
          const end = read(args.end, timeZone, disambiguation).withTimeZone(start.timeZoneId);
          return {
            start: describeMoment(start),
            end: describeMoment(end),
            duration: start.until(end, { largestUnit }).toString(),
            elapsed: start.until(end, { largestUnit: "hour" }).toString(),
          };
        },
      },

      list_zones: {
        title: "List time zones",
        description: "Lists IANA time zones by part of the name, region, or present UTC offset.",
        annotations: COMPUTES,
        input: z.strictObject({
          text: z.string().max(100).optional().describe("Part of the name, such as york."),
          region: z.string().max(100).optional().describe("Such as Europe or America."),
          offset: z.string().max(20).optional().describe("UTC offset now, such as +05:30 or -3."),
          limit: z.int().min(1).max(1000).default(50),
        }),
        output: z.object({
          zones: z.array(momentSchema.pick({ timeZone: true, utcOffset: true, dateTime: true })),
          total: z.int().describe("How many match; more than the limit are not listed."),
        }),
        handler: ({ limit, ...filter }) => {
          const found = searchZones(filter, now());
          return { zones: found.slice(0, limit).map(describeMoment), total: found.length };
        },
      },
    },

    resources: {
      zones: {
        title: "Time zones",
        description: "The names of all time zones.",
        mimeType: "application/json",
        uri: ({ pluginId }) => `time://${pluginId}/zones`,
        read: () => JSON.stringify(zoneNames()),
      },
    },

    resourceTemplates: {
      now: {
        title: "Current time in a zone",
        description: "The current date and time in a time zone.",
        mimeType: "application/json",
        uriTemplate: ({ pluginId }) => `time://${pluginId}/now/{+zone}`,
        complete: { zone: suggestZones },
        read: (variables) => {
          const timeZone = findZone(variables["zone"] ?? "");
          if (timeZone === null) return null;
          return JSON.stringify(describeMoment(now().toZonedDateTimeISO(timeZone)));
        },
      },
    },

    prompts: {
      plan_meeting: {
        title: "Plan a meeting across time zones",
        description: "Finds times at which people in several time zones can meet.",
        input: z.object({
          zones: z.string().min(1).describe("Time zones, with commas between them."),
          date: z.string().optional().describe("Such as 2026-07-01. Left out: today."),
          minutes: z.coerce.number().int().min(1).max(480).default(30).describe("How long."),
        }),
        complete: {
          zones: completeZoneList,
          minutes: (typed) => ["15", "30", "45", "60", "90"].filter((it) => it.startsWith(typed)),
        },
        handler: (wishes) => writeMeetingRequest(wishes, now()),
      },
    },
  });
}
