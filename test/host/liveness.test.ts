import { expect, it } from "vitest";
import { createLiveness } from "../../src/host/liveness.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

function watched() {
  const time = createFakeTime();
  const state = { busy: true, pings: 0, dead: 0 };
  const liveness = createLiveness({
    isBusy: () => state.busy,
    ping: () => void state.pings++,
    onDead: () => void state.dead++,
    pongMs: 10_000,
    time,
  });
  return { time, state, liveness };
}

it("asks a busy plugin every second, and finds it dead that does not answer in time", async () => {
  const { time, state, liveness } = watched();
  liveness.watch();
  liveness.watch();
  await time.advance(1_000);
  expect(state.pings).toBe(1);
  await time.advance(9_999);
  expect(state).toEqual({ busy: true, pings: 1, dead: 0 });
  await time.advance(1);
  expect(state.dead).toBe(1);
});

it("goes on asking one that answers", async () => {
  const { time, state, liveness } = watched();
  liveness.watch();
  for (let second = 1; second <= 30; second++) {
    await time.advance(1_000);
    expect(state.pings).toBe(second);
    expect(liveness.pong()).toBe(true);
  }
  expect(state.dead).toBe(0);
});

it("does not wait for an answer that it did not ask for", () => {
  const { liveness } = watched();
  expect(liveness.pong()).toBe(false);
});

it("lets one sleep of which nothing is expected, until something is", async () => {
  const { time, state, liveness } = watched();
  liveness.watch();
  state.busy = false;
  await time.advance(60_000);
  expect(state).toEqual({ busy: false, pings: 0, dead: 0 });
  state.busy = true;
  liveness.watch();
  await time.advance(1_000);
  expect(state.pings).toBe(1);
});

it("holds the time against nobody during which the server itself stood still", async () => {
  const late: (() => void)[] = [];
  const { state } = watched();
  let now = 0;
  const liveness = createLiveness({
    isBusy: () => true,
    ping: () => void state.pings++,
    onDead: () => void state.dead++,
    pongMs: 10_000,
    time: { now: () => now, elapsed: () => now, after: (_ms, task) => (late.push(task), () => {}) },
  });
  liveness.watch();
  late.shift()!();
  // A day later the timer that is due runs, and then comes the answer.
  now = 86_400_000;
  late.shift()!();
  expect(state.dead).toBe(0);
  expect(liveness.pong()).toBe(true);
});

it("is silent once it was stopped", async () => {
  const { time, state, liveness } = watched();
  liveness.watch();
  await time.advance(5_000);
  liveness.stop();
  await time.advance(60_000);
  expect(state.dead).toBe(0);
  expect(time.pending()).toBe(0);
});
