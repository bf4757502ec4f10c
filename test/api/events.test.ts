import { describe, expect, it } from "vitest";
import type { LiveEvent } from "../../src/core/live-events.ts";
import { canary } from "../helpers/canary.ts";
import { openStreams, parseEvent } from "../helpers/live-streams.ts";

const MIB = 1024 * 1024;
const RELOADED: LiveEvent = { type: "plugin.reloaded", plugin: "demo" };
const CATALOG: LiveEvent = { type: "catalog.changed", tools: 1, prompts: 0, resources: 0 };

describe("GET /api/events", () => {
  it("is a stream of what happens from then on, for who may read events", async () => {
    const { open, get, events, policies, time } = openStreams();
    events.publish(RELOADED);
    const stream = await open("/api/events");
    expect(stream.first).toBe(": open");
    await time.advance(5);
    events.publish(CATALOG);
    expect(parseEvent(await stream.next())).toEqual({
      id: expect.stringMatching(/^[0-9a-z]+-2$/) as string,
      name: "catalog.changed",
      data: { time: time.now(), ...CATALOG },
    });
    const { headers } = await get("/api/events");
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    expect(new Set(policies)).toEqual(new Set(["events:read"]));
  });

  it("gives a client that comes back what it has missed, and then goes on", async () => {
    const { open, events } = openStreams();
    const before = await open("/api/events");
    events.publish(RELOADED);
    const { id } = parseEvent(await before.next());
    await before.cancel();
    events.publish(CATALOG);
    const stream = await open("/api/events", id);
    events.publish(RELOADED);
    expect([parseEvent(await stream.next()).name, parseEvent(await stream.next()).name]).toEqual([
      "catalog.changed",
      "plugin.reloaded",
    ]);
  });

  it("says so when what it has missed is gone", async () => {
    const { open, events } = openStreams();
    events.publish(RELOADED);
    const stream = await open("/api/events", "of-another-process");
    expect(stream.first).toBe("event: gap\ndata: {}");
    expect(parseEvent(await stream.next()).name).toBe("plugin.reloaded");
  });

  it.each([
    ["catalog.changed", ["catalog.changed"]],
    ["plugin", ["plugin.state", "plugin.reloaded"]],
    ["plugin.reloaded,catalog", ["plugin.reloaded", "catalog.changed"]],
  ])("tells of the types alone that it is asked for: %s", async (type, expected) => {
    const { open, events } = openStreams();
    const stream = await open(`/api/events?type=${type}`);
    events.publish({
      type: "plugin.state",
      plugin: "demo",
      before: "loaded",
      state: "blocked",
      error: null,
    });
    events.publish(RELOADED);
    events.publish(CATALOG);
    const names: string[] = [];
    while (names.length < expected.length) names.push(parseEvent(await stream.next()).name);
    expect(names).toEqual(expected);
  });

  it.each(["?type=nothing", "?type=plugin.", "?type=", "?types=plugin", "?type=call&type=plugin"])(
    "refuses %s",
    async (query) => {
      const response = await openStreams().get(`/api/events${query}`);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        400,
        "QUERY_INVALID",
      ]);
    },
  );

  it("says every 15 seconds that it is alive", async () => {
    const { open, time } = openStreams();
    const stream = await open("/api/events");
    await time.advance(15_000);
    expect(await stream.next()).toBe(": keep-alive");
    await time.advance(15_000);
    expect(await stream.next()).toBe(": keep-alive");
  });

  it("has no secret in it, whatever an event tells", async () => {
    const { open, events, scrubber } = openStreams();
    const secret = canary("plugin-error-");
    scrubber.learn(new TextEncoder().encode(secret));
    const stream = await open("/api/events");
    const error = `It does not start with ${secret}.`;
    events.publish({
      type: "plugin.state",
      plugin: "demo",
      before: "cleaning",
      state: "failed",
      error,
    });
    const { data } = parseEvent(await stream.next());
    expect(data["error"]).toBe("It does not start with [redacted].");
  });

  it("ends when its reader may read no more", async () => {
    const { open, life, events, time } = openStreams();
    const stream = await open("/api/events");
    const next = stream.next();
    life.abort();
    expect(await next).toBeNull();
    events.publish(RELOADED);
    expect(time.pending()).toBe(0);
  });

  it("ends with the server, and no other begins", async () => {
    const { open, get, streams, events, time } = openStreams();
    const stream = await open("/api/events");
    events.publish(RELOADED);
    streams.close();
    expect(parseEvent(await stream.next()).name).toBe("plugin.reloaded");
    expect([await stream.next(), time.pending()]).toEqual([null, 0]);
    expect((await get("/api/events")).status).toBe(429);
  });

  it("is one of 5 of its reader's at the most, and others find room", async () => {
    const { open, get, become } = openStreams();
    const streams = [];
    for (let at = 0; at < 5; at++) streams.push(await open("/api/events"));
    expect((await get("/api/logs")).status).toBe(429);
    become("another");
    expect((await open("/api/logs")).first).toBe(": open");
    become("viewer");
    await streams[3]!.cancel();
    expect((await open("/api/logs")).first).toBe(": open");
  });

  it("is one of 20 at the most, of which one that its reader leaves makes room", async () => {
    const { open, get, become } = openStreams();
    const streams = [];
    for (let at = 0; at < 20; at++) {
      become(`viewer-${at % 4}`);
      streams.push(await open(at % 2 === 0 ? "/api/events" : "/api/logs"));
    }
    const refused = await get("/api/events");
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      429,
      "TOO_MANY_CONNECTIONS",
    ]);
    become("another");
    expect((await get("/api/events")).status).toBe(429);
    await streams[3]!.cancel();
    expect((await open("/api/logs")).first).toBe(": open");
  });

  it("takes no place for a HEAD, which reads no body", async () => {
    const { get, time } = openStreams();
    for (let at = 0; at < 50; at++) {
      const { status, body } = await get("/api/events", undefined, "HEAD");
      expect([status, body]).toEqual([200, null]);
    }
    expect((await get("/api/events")).status).toBe(200);
    expect(time.pending()).toBe(1);
  });

  it("cuts a reader off that leaves a MiB unread, and others go on", async () => {
    const { open, get, events, time, logger } = openStreams();
    const response = await get("/api/events");
    const good = await open("/api/events");
    const large = (): LiveEvent => ({
      type: "plugin.state",
      plugin: "demo",
      before: "cleaning",
      state: "failed",
      error: "x".repeat(MIB / 4),
    });
    for (let at = 0; at < 5; at++) {
      events.publish(large());
      expect(parseEvent(await good.next()).name).toBe("plugin.state");
    }
    await expect(response.text()).rejects.toThrow("does not read");
    events.publish(RELOADED);
    expect(parseEvent(await good.next()).name).toBe("plugin.reloaded");
    expect(time.pending()).toBe(1);
    expect(logger.records.map(({ message }) => message)).toEqual([
      "An event stream that nobody reads was cut off",
    ]);
  });
});
