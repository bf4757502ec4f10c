import { Hono } from "hono";
import { expect } from "vitest";
import { LiveStreams } from "../../src/api/live-streams.ts";
import type { Gate } from "../../src/api/middleware/gate.ts";
import { createRequestAudit } from "../../src/api/middleware/request-audit.ts";
import { mountRoutes } from "../../src/api/route-table.ts";
import { eventRoutes } from "../../src/api/routes/events.ts";
import { createLiveEvents } from "../../src/core/live-events.ts";
import { LogFeed } from "../../src/core/log-feed.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import type { LineLevel } from "../../src/types/log-tap.ts";
import { ok } from "../../src/util/result.ts";
import { createFakeTime } from "./fake-time.ts";
import { createRecordingLogger } from "./logger.ts";
import { NO_CHALLENGES, NO_LIMITS } from "./no-limits.ts";
import { createRecordingAudit } from "./recording-audit.ts";

const PRINCIPAL = { kind: "user", scopes: ["events:read"] } as const;

/** The routes of live events and the log behind a gate that lets everybody in, with all that they stand on. */
export function openStreams() {
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const scrubber = createScrubber();
  const now = () => time.now();
  const [events, logs] = [createLiveEvents(now), new LogFeed({ now })];
  const streams = new LiveStreams({ scrubber, time, logger });
  const life = new AbortController();
  const policies: string[] = [];
  let id = "viewer";
  const gate: Gate = async (_, policy) => {
    policies.push(policy);
    return ok({ principal: { ...PRINCIPAL, id }, life: life.signal });
  };
  const refusals = { record: () => {} };
  const audit = createRequestAudit({ audit: createRecordingAudit(), refusals, logger });
  const app = new Hono();
  mountRoutes(app, eventRoutes({ streams, events, logs }), {
    gate,
    limits: NO_LIMITS,
    challenges: NO_CHALLENGES,
    isHttps: () => false,
    accessLog: () => {},
    elapsed: () => 0,
    audit,
    scrubber,
    logger,
    now,
  });
  const get = async (path: string, lastId?: string, method = "GET") =>
    app.request(path, { method, headers: lastId === undefined ? {} : { "last-event-id": lastId } });
  return {
    /** Who asks from then on. */
    become: (other: string) => void (id = other),
    time,
    logger,
    scrubber,
    events,
    logs,
    streams,
    life,
    policies,
    get,
    /** Opens a stream and reads its first block. */
    open: async (path: string, lastId?: string) => {
      const response = await get(path, lastId);
      expect(response.status).toBe(200);
      const reader = readBlocks(response);
      return { ...reader, first: await reader.next() };
    },
    log: (level: LineLevel, message: string) =>
      logs.take({ level, text: JSON.stringify({ level, message }) }),
  };
}

function readBlocks(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  return {
    /** What stands between two empty lines; `null` at the end. */
    async next(): Promise<string | null> {
      for (;;) {
        const end = buffer.indexOf("\n\n");
        if (end >= 0) {
          const block = buffer.slice(0, end);
          buffer = buffer.slice(end + 2);
          return block;
        }
        const { done, value } = await reader.read();
        if (done) return null;
        buffer += value;
      }
    },
    cancel: () => reader.cancel(),
  };
}

/** Reads a block that is an event. */
export function parseEvent(block: string | null) {
  const found = /^id: (\S+)\nevent: (\S+)\ndata: (\{.*\})$/.exec(block ?? "");
  if (found === null) throw new Error(`It is no event: ${block}`);
  const [, id, name, data] = found;
  return { id: id!, name: name!, data: JSON.parse(data!) as Record<string, unknown> };
}
