import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { pause } from "../../src/plugins/index.ts";

it("waits, and leaves nothing behind", async () => {
  const { signal } = new AbortController();
  const started = performance.now();
  await pause(20, signal);
  expect(performance.now() - started).toBeGreaterThanOrEqual(19);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("ends with the signal, by its reason", async () => {
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(new Error("the client has gone"));
  await expect(waiting).rejects.toThrow("the client has gone");
});

it("does not begin when the signal has aborted", async () => {
  await expect(pause(60_000, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
});
