import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { CallsUnderWay } from "../../src/core/calls-under-way.ts";
import { PluginRun } from "../../src/core/plugin-run.ts";
import { createScrubber } from "../../src/core/scrubber.ts";
import { RunningCall, type CallReports } from "../../src/core/running-call.ts";
import type { CallEvents, CallOutcome, HostCall, HostedPlugin } from "../../src/types/host.ts";
import type { LogLevel } from "../../src/types/plugin.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { NEVER } from "../helpers/manager.ts";

const DONE: CallOutcome = { kind: "result", value: "done" };

function setUp({ timeoutMs = 60_000, signal = null as AbortSignal | null } = {}) {
  const time = createFakeTime();
  const reports: unknown[][] = [];
  const call = new RunningCall(
    "r1",
    timeoutMs,
    {
      signal,
      progress: (...args) => void reports.push(["progress", ...args]),
      log: (...args) => void reports.push(["log", ...args]),
      closeStream: () => void reports.push(["closeStream"]),
    },
    time,
  );
  const work = Promise.withResolvers<CallOutcome>();
  const outcome = call.settle(work.promise).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return { time, reports, call, work, outcome };
}

const code = (name: string) => ({ error: { code: name } });

describe("a call in flight", () => {
  it("answers what the plugin answers", async () => {
    const { work, outcome } = setUp();
    work.resolve(DONE);
    expect(await outcome).toEqual({ value: DONE });
  });

  it("rejects with what the plugin throws", async () => {
    const { work, outcome } = setUp();
    const fault = new Error("no");
    work.reject(fault);
    expect(await outcome).toEqual({ error: fault });
  });

  it("ends when its time is over, tells the plugin, and ignores what comes then", async () => {
    const { call, time, work, outcome } = setUp({ timeoutMs: 1_000 });
    const { signal } = call;
    await time.advance(999);
    expect(signal.aborted).toBe(false);
    await time.advance(1);
    expect(await outcome).toMatchObject(code("PLUGIN_TIMEOUT"));
    expect(signal.reason).toMatchObject({ code: "PLUGIN_TIMEOUT" });
    work.reject(new Error("too late"));
    await time.advance(0);
  });

  it("gives a signal that is aborted already to a plugin that looks late", async () => {
    const { call, time } = setUp({ timeoutMs: 1_000 });
    await time.advance(1_000);
    expect(call.signal.aborted).toBe(true);
  });

  it("has its time renewed by progress, ten minutes in all", async () => {
    const { call, time, outcome } = setUp({ timeoutMs: 60_000 });
    for (let step = 1; step <= 11; step++) {
      await time.advance(50_000);
      call.progress(step);
    }
    await time.advance(49_999);
    expect(call.signal.aborted).toBe(false);
    await time.advance(1);
    expect(await outcome).toMatchObject(code("PLUGIN_TIMEOUT"));
  });

  it("is not renewed by progress that does not grow", async () => {
    const { call, time, outcome, reports } = setUp({ timeoutMs: 1_000 });
    call.progress(1);
    await time.advance(900);
    call.progress(1);
    call.progress(0.5);
    await time.advance(100);
    expect(await outcome).toMatchObject(code("PLUGIN_TIMEOUT"));
    expect(reports).toEqual([["progress", 1, undefined, undefined]]);
  });

  it("ends when the client goes", async () => {
    const client = new AbortController();
    const { call, outcome } = setUp({ signal: client.signal });
    const { signal } = call;
    client.abort();
    expect(await outcome).toMatchObject(code("CALL_ABORTED"));
    expect(signal.aborted).toBe(true);
  });

  it("leaves no listener at the client's signal", async () => {
    const client = new AbortController();
    const { call, work, outcome } = setUp({ signal: client.signal });
    work.resolve(DONE);
    await outcome;
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
    client.abort();
    expect(call.signal.aborted).toBe(false);
  });

  it("leaves no timer behind", async () => {
    const { call, time, work, outcome } = setUp();
    call.progress(1);
    expect(time.pending()).toBe(1);
    work.resolve(DONE);
    await outcome;
    expect(time.pending()).toBe(0);
  });

  it("passes on progress, logs and the end of the stream", () => {
    const { call, reports } = setUp();
    call.progress(1, 10, "one");
    call.log("notice", { a: [1] });
    call.closeStream();
    expect(reports).toEqual([
      ["progress", 1, 10, "one"],
      ["log", "notice", { a: [1] }],
      ["closeStream"],
    ]);
  });

  it("is silent after its end", async () => {
    const { call, work, outcome, reports } = setUp();
    work.resolve(DONE);
    await outcome;
    call.progress(1);
    call.log("info", "late");
    call.closeStream();
    expect(reports).toEqual([]);
  });

  it("drops reports that no client could read", () => {
    const { call, reports } = setUp();
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const progress of [Number.NaN, Infinity, "3", null]) call.progress(progress as number);
    for (const data of [cyclic, 1n, undefined, "x".repeat(70_000)]) call.log("info", data);
    call.log("loud" as LogLevel, "x");
    expect(reports).toEqual([]);
    call.progress(1, "ten" as unknown as number, 5 as unknown as string);
    expect(reports).toEqual([["progress", 1, undefined, undefined]]);
  });

  it("sends a thousand reports at most, and one last", () => {
    const { call, reports } = setUp();
    for (let step = 1; step <= 5_000; step++) call.progress(step, 9_000);
    expect(reports).toHaveLength(1_000);
    call.log("info", "too many");
    expect(reports).toHaveLength(1_000);
    for (let step = 9_000; step <= 9_010; step++) call.progress(step, step);
    expect(reports.slice(1_000)).toEqual([["progress", 9_000, 9_000, undefined]]);
  });
});

const CALL: HostCall = {
  kind: "tool",
  name: "echo",
  args: {},
  requestId: "r1",
  principal: { kind: "client", id: "c", scopes: [] },
  client: { protocolVersion: "", name: null, version: null, capabilities: {} },
  input: null,
};
const SILENT: CallReports = { signal: null };

function setUpRun(call: (events: CallEvents) => Promise<CallOutcome>) {
  const time = createFakeTime();
  let calls = 0;
  const plugin = {
    call: (_call: HostCall, events: CallEvents) => {
      calls++;
      return call(events);
    },
  } as unknown as HostedPlugin;
  const desk = {
    underWay: new CallsUnderWay(),
    handedOut: createScrubber(),
  };
  return { time, run: new PluginRun("a", plugin, desk, time), calls: () => calls };
}

describe("a run", () => {
  it("drains at once when nothing is in flight", async () => {
    const { run } = setUpRun(async () => DONE);
    await run.call(CALL, 1_000, SILENT);
    await expect(run.drain(10_000)).resolves.toBeUndefined();
  });

  it("waits for all its calls, and not longer", async () => {
    const works = [Promise.withResolvers<CallOutcome>(), Promise.withResolvers<CallOutcome>()];
    const { run, calls } = setUpRun(() => works[calls() - 1]!.promise);
    const outcomes = [run.call(CALL, 60_000, SILENT), run.call(CALL, 60_000, SILENT)];
    let drained = false;
    const drain = run.drain(10_000).then(() => {
      drained = true;
    });
    works[0]!.resolve(DONE);
    await outcomes[0];
    expect(drained).toBe(false);
    works[1]!.reject(new Error("no"));
    await expect(outcomes[1]).rejects.toThrow("no");
    await drain;
    await expect(run.call(CALL, 1_000, SILENT)).rejects.toMatchObject({
      code: "PLUGIN_UNAVAILABLE",
    });
    expect(calls()).toBe(2);
  });

  it("does not bother the plugin for a client that has gone already", async () => {
    const { run, calls } = setUpRun(() => NEVER);
    await expect(run.call(CALL, 1_000, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CALL_ABORTED",
    });
    expect(calls()).toBe(0);
  });

  it("survives a driver that throws instead of rejecting", async () => {
    const { run } = setUpRun(() => {
      throw new Error("driver");
    });
    await expect(run.call(CALL, 1_000, SILENT)).rejects.toThrow("driver");
    await run.drain(10_000);
  });
});
