import { describe, expect, it } from "vitest";
import { openStreams, parseEvent } from "../helpers/live-streams.ts";

describe("GET /api/logs", () => {
  it.each([
    ["", ["debug", "info", "warning", "error"]],
    ["?level=debug", ["debug", "info", "warning", "error"]],
    ["?level=info", ["info", "warning", "error"]],
    ["?level=warning", ["warning", "error"]],
    ["?level=error", ["error"]],
  ])("tells the lines of a level and above: %s", async (query, expected) => {
    const { open, log } = openStreams();
    const stream = await open(`/api/logs${query}`);
    for (const level of ["debug", "info", "warning", "error"] as const) log(level, level);
    const levels: unknown[] = [];
    while (levels.length < expected.length) {
      const { name, data } = parseEvent(await stream.next());
      expect(name).toBe("log");
      levels.push(data["level"]);
    }
    expect(levels).toEqual(expected);
  });

  it("refuses a level that there is not", async () => {
    const response = await openStreams().get("/api/logs?level=loud");
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      "QUERY_INVALID",
    ]);
  });

  it("gives a client that comes back the lines that it has missed", async () => {
    const { open, log } = openStreams();
    const before = await open("/api/logs");
    log("info", "one");
    const { id } = parseEvent(await before.next());
    log("info", "two");
    log("debug", "three");
    const stream = await open("/api/logs?level=info", id);
    log("error", "four");
    expect([
      parseEvent(await stream.next()).data,
      parseEvent(await stream.next()).data,
    ]).toMatchObject([{ message: "two" }, { message: "four" }]);
  });

  it("sends no line of which a secret leaves no JSON", async () => {
    const { open, logs, scrubber } = openStreams();
    scrubber.learn(new TextEncoder().encode('message":"Hello'));
    const stream = await open("/api/logs");
    logs.take({ level: "info", text: '{"message":"Hello"}' });
    expect(parseEvent(await stream.next()).data).toEqual({});
  });
});
