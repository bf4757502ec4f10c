import { describe, expect, it } from "vitest";
import { expectEnd, withFaulty } from "../helpers/faulty-plugin.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

const MB = 1024 * 1024;
const LOG = '{"type":"log","level":"info","message":"FILL","fields":{}}';
const SILENT = "Its thread did not answer for 1 s: a loop that does not end?";

/** Faults that end the call during which they happen, and with it the plugin. */
const FATAL: [fault: string, args: Record<string, unknown>, reason: string][] = [
  ["loop", {}, SILENT],
  ["exit", { code: 3 }, "It called process.exit(3)."],
  ["exit", { code: 0 }, "It called process.exit(0)."],
  ["heap", {}, "It ran out of memory (64 MB)."],
  ["map", {}, "It ran out of memory (64 MB)."],
  ["buffers", {}, "It ran out of memory (64 MB)."],
  ["closePort", {}, "It closed its connection to the server."],
  ["say", { message: "{" }, "It sent a message that is no JSON."],
  ["say", { message: "[]" }, "It sent a message that is no object."],
  ["say", { message: { type: "pong" } }, "It sent a message that is no text."],
  ["say", { message: '{"type":"load"}' }, "It sent a message that is of no known type."],
  ["say", { message: '{"type":"log"}' }, 'It sent a message that is malformed, of type "log".'],
  [
    "say",
    { message: LOG, fill: 9 * MB },
    `It sent a message that is longer than ${8 * MB} characters (${9 * MB + LOG.length - 4}).`,
  ],
  // Requests 1 and 2 loaded and initialized it, 3 waits.
  [
    "answerAll",
    { from: 1, to: 10, value: { kind: "wonder" } },
    "It sent a message that answers something else than was asked.",
  ],
];

describe("in the worker host, a fault in a call", () => {
  it.each(FATAL)("ends the plugin and nothing else: %s %j", (fault, args, message) =>
    withFaulty(
      async ({ plugin, callTool }) => {
        const waiting = callTool("hang");
        const ends = [waiting, callTool(fault, args)].map((call) => expectEnd(call, message));
        await Promise.all(ends);
        expect((await plugin.ended).message).toBe(message);
        await expect(callTool("nothing")).rejects.toMatchObject({
          code: "PLUGIN_UNAVAILABLE",
          message: "It is not running.",
        });
        await expect(plugin.stop()).resolves.toBeUndefined();
        await expect(plugin.cleanup()).resolves.toBeUndefined();
      },
      { deps: { limits: { pong: fault === "loop" ? 1_000 : 15_000 } } },
    ),
  );

  it.each([
    ["reject", /^It left a rejection unhandled: left alone \(\/.*\/faulty\/index\.js:\d+:\d+\)$/],
    ["rejectText", /^It left a rejection unhandled: left alone$/],
    [
      "throwLater",
      /^It threw an exception that nothing caught: thrown in a timer \(\/.*\/faulty\/index\.js:\d+:\d+\)$/,
    ],
    ["throwNothingLater", /^It threw an exception that nothing caught: null$/],
    ["silence", /^Its thread failed: thrown in silence$/],
    ["slowly", /^It ran out of memory \(64 MB\)\.$/],
  ])("ends the plugin when it shows after the answer: %s", (fault, reason) =>
    withFaulty(async ({ plugin, callTool }) => {
      expect(await callTool(fault)).toMatch(/^(rejected|will throw|will fill)$/);
      expect((await plugin.ended).message).toMatch(reason);
    }),
  );
});

// They are given time, side by side.
describe.concurrent("the worker host leaves a plugin alone", () => {
  it("that is busy for a while", () =>
    withFaulty(
      async ({ callTool }) => {
        expect(await callTool("block", { ms: 1_500 })).toBe("blocked");
        expect(await callTool("nothing")).toBe("well");
      },
      { deps: { limits: { pong: 3_000 } } },
    ));

  it("that makes much garbage and holds little", () =>
    withFaulty(
      async ({ callTool }) => {
        expect(await callTool("garbage", { ms: 2_000 })).toBe(true);
        expect(await callTool("nothing")).toBe("well");
      },
      { deps: { memoryMb: 256 } },
    ));

  it("that waits for something", () =>
    withFaulty(
      async ({ callTool, abort }) => {
        const hung = callTool("hang").catch((error: unknown) => error);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        expect(await callTool("nothing")).toBe("well");
        abort();
        expect(await hung).toMatchObject({ code: "PLUGIN_TIMEOUT" });
      },
      { deps: { limits: { pong: 1_000, abandon: 100 } } },
    ));
});
