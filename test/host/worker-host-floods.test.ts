import { describe, expect, it } from "vitest";
import { expectEnd, withFaulty } from "../helpers/faulty-plugin.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const MB = 1024 * 1024;
const LOG = '{"type":"log","level":"info","message":"FILL","fields":{}}';
const FLOODED = "It flooded the server with messages.";

const FLOODS: [fault: string, args: Record<string, unknown>][] = [
  ["logs", {}],
  ["logs", { chars: 100_000 }],
  ["writes", {}],
  ["updates", {}],
  ["sayForEver", { message: LOG, fill: 20 }],
  ["sayForEver", { message: LOG, fill: MB }],
  ["sayForEver", { message: '{"type":"pong"}' }],
  ["sayForEver", { message: '{"type":"answer","id":9}' }],
  ["sayForEver", { message: '{"type":"ask","id":1,"service":"getCredential","args":["apiKey"]}' }],
];

describe("in the worker host, a flood", () => {
  it.each(FLOODS)("ends the plugin, within the server's memory: %s %j", (fault, args) =>
    withFaulty(async ({ plugin, callTool }) => {
      const memory = watchMemory();
      await expectEnd(callTool(fault, args), FLOODED);
      expect((await plugin.ended).message).toBe(FLOODED);
      expect(memory.growth()).toBeLessThan(300 * MB);
    }, quiet()),
  );

  it("ends the plugin also when nothing is asked of it", () =>
    withFaulty(async ({ plugin, callTool }) => {
      expect(await callTool("logsForEver")).toBe("will log");
      expect((await plugin.ended).message).toBe(FLOODED);
    }, quiet()));

  it.each([
    ["logs", { count: 3_000 }, "logged"],
    ["updates", { count: 3_000 }, "updated"],
    ["parentPort", { count: 100_000 }, "posted"],
    ["answerAll", { from: 1_000, to: 5_000 }, "answered"],
    ["asks", { count: 900 }, { answered: 900, refused: [] }],
    [
      "asks",
      { count: 3_000 },
      { answered: 1_000, refused: ["1000 questions to the server wait for their answers."] },
    ],
  ])("of a bounded size does no harm: %s %j", (fault, args, answer) =>
    withFaulty(async ({ callTool }) => {
      expect(await callTool(fault, args)).toEqual(answer);
      expect(await callTool("nothing")).toBe("well");
    }, quiet()),
  );

  it("of progress loses some of it, but not the last", () =>
    withFaulty(async ({ callTool, events }) => {
      const count = 200_000;
      expect(await callTool("progress", { count })).toBe("reported");
      expect(events.length).toBeGreaterThan(1_000);
      expect(events.length).toBeLessThan(20_000);
      expect(events.at(-1)).toEqual(["progress", count, count]);
    }));

  it("of log records loses some, and says how many", () =>
    withFaulty(async ({ callTool, logs }) => {
      expect(await callTool("logs", { count: 7_000 })).toBe("logged");
      await callTool("block", { ms: 1_100 });
      await callTool("logs", { count: 1 });
      await callTool("nothing");
      const told = logs.filter(({ fields }) => "dropped" in fields);
      const dropped = told.reduce((sum, { fields }) => sum + Number(fields["dropped"]), 0);
      const kept = logs.filter(({ message }) => message === "x".repeat(10)).length;
      expect(kept).toBeLessThan(7_001);
      expect(kept + dropped).toBe(7_001);
    }));
});

/** A logger that keeps nothing: what counts is what the host itself keeps. */
function quiet() {
  const ignore = () => {};
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => logger };
  return { services: { logger, changed: ignore, resourceUpdated: ignore } };
}

/** The most that the process has grown by, in bytes, looked at every few milliseconds. */
function watchMemory(): { growth(): number } {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = () => void (most = Math.max(most, process.memoryUsage.rss()));
  const timer = setInterval(look, 5);
  return {
    growth() {
      clearInterval(timer);
      look();
      return most - before;
    },
  };
}
