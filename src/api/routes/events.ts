import * as z from "zod";
import { LIVE_EVENT_TYPES, type LiveEvents } from "../../core/live-events.ts";
import { LOG_LEVELS, type LogFeed } from "../../core/log-feed.ts";
import { defineRoute } from "../define-route.ts";
import type { LiveStreams } from "../live-streams.ts";
import type { Route } from "../route-table.ts";

export interface EventRoutesDeps {
  readonly streams: LiveStreams;
  readonly events: LiveEvents;
  /** `null` where the log is read elsewhere. */
  readonly logs: LogFeed | null;
}

/** What `type` may name: one type of event, or all of a kind. */
const TYPES: ReadonlySet<string> = new Set(
  LIVE_EVENT_TYPES.flatMap((type) => [type, type.slice(0, type.indexOf("."))]),
);
const types = z
  .string()
  .max(400)
  .transform((text) => text.split(","))
  .refine((names) => names.every((name) => TYPES.has(name)), "names a type that there is not")
  .meta({
    type: "string",
    description: `Only these, separated by commas: ${[...TYPES].join(", ")}.`,
    example: "plugin,call.ended",
  });

const answers = { 200: { type: "text/event-stream" } } as const;
const problems = ["TOO_MANY_CONNECTIONS"] as const;

/** `/api/events` and `/api/logs`: what happens on the server while it happens. */
export function eventRoutes({ streams, events, logs }: EventRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/events",
      policy: "events:read",
      summary: "Tells what happens while it happens: plugins, calls, connections, credentials.",
      query: z.strictObject({ type: types.optional() }),
      answers,
      problems,
      handle: ({ query: { type: wanted } }, reader, request) =>
        streams.answer(request, {
          feed: events,
          reader,
          textOf: ({ time, event }) => JSON.stringify({ time, ...event }),
          nameOf: ({ type }) =>
            wanted === undefined || wanted.includes(type) || wanted.includes(kindOf(type))
              ? type
              : null,
        }),
    }),
    ...(logs === null ? [] : [logRoute(streams, logs)]),
  ];
}

function logRoute(streams: LiveStreams, logs: LogFeed): Route {
  return defineRoute({
    method: "GET",
    path: "/api/logs",
    policy: "events:read",
    summary: "Tells the lines of the log as they come.",
    query: z.strictObject({
      level: z.enum(LOG_LEVELS).default("debug").meta({
        description: "Only lines of this level and above.",
      }),
    }),
    answers,
    problems,
    handle: ({ query }, reader, request) => {
      const least = LOG_LEVELS.indexOf(query.level);
      return streams.answer(request, {
        feed: logs,
        reader,
        textOf: ({ event }) => event.text,
        nameOf: ({ level }) => (LOG_LEVELS.indexOf(level) >= least ? "log" : null),
      });
    },
  });
}

function kindOf(type: string): string {
  return type.slice(0, type.indexOf("."));
}
