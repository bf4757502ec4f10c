import { describe, expect, it } from "vitest";
import { createTokenWatch } from "../../../src/core/auth/access-token-watch.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Answer = "good" | "gone" | "unavailable";

/** What is found of a token, as far as this is concerned. */
interface Found {
  checkedAt: number;
}

/** An issuer that says what it is told to say, and how long it takes for that. */
function open() {
  const time = createFakeTime();
  const state = { answer: "good" as Answer, takesMs: 0 };
  const asked: string[] = [];
  const ended: Found[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const watch = createTokenWatch<Found>({
    async ask(token, found) {
      asked.push(token);
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      await new Promise<void>((resolve) => void time.after(state.takesMs, resolve));
      underWay -= 1;
      if (state.answer === "good") found.checkedAt = time.elapsed();
      return state.answer;
    },
    checkedAt: ({ checkedAt }) => checkedAt,
    end: (found) => void ended.push(found),
    time,
  });
  return { time, state, asked, ended, watch, mostUnderWay: () => mostUnderWay };
}

describe("a token with which something is open", () => {
  it("is asked about every 50 s, and goes on while it is good", async () => {
    const { time, asked, ended, watch } = open();
    watch("token", { checkedAt: 0 });
    await time.advance(50 * SECOND - 1);
    expect(asked).toEqual([]);
    await time.advance(1);
    expect(asked).toEqual(["token"]);
    await time.advance(10 * MINUTE);
    expect(asked).toHaveLength(13);
    expect(ended).toEqual([]);
  });

  it("ends within a minute of what it was, also with an issuer that takes 5 s to say so", async () => {
    const { time, state, ended, watch } = open();
    const found = { checkedAt: 0 };
    watch("token", found);
    await time.advance(1);
    Object.assign(state, { answer: "gone", takesMs: 5 * SECOND });
    await time.advance(MINUTE);
    expect(ended).toEqual([found]);
    expect(time.pending()).toBe(0);
  });

  it("is asked about 50 s after it was last found good, however late something was opened", async () => {
    const { time, asked, watch } = open();
    await time.advance(59 * SECOND);
    watch("token", { checkedAt: 0 });
    await time.advance(0);
    expect(asked).toEqual(["token"]);
  });

  it("is not asked about when a request has just had it checked", async () => {
    const { time, asked, watch } = open();
    const found = { checkedAt: 0 };
    watch("token", found);
    await time.advance(40 * SECOND);
    found.checkedAt = time.elapsed();
    await time.advance(40 * SECOND);
    expect(asked).toEqual([]);
    await time.advance(10 * SECOND);
    expect(asked).toEqual(["token"]);
  });

  it("goes on for 5 minutes while its issuer does not answer, which is asked every 10 s", async () => {
    const { time, state, asked, ended, watch } = open();
    const found = { checkedAt: 0 };
    watch("token", found);
    state.answer = "unavailable";
    await time.advance(5 * MINUTE - 1);
    expect(asked).toHaveLength(25);
    expect(ended).toEqual([]);
    await time.advance(1);
    expect(ended).toEqual([found]);
    expect(time.pending()).toBe(0);
  });

  it("goes on as before when its issuer is back in time", async () => {
    const { time, state, asked, ended, watch } = open();
    watch("token", { checkedAt: 0 });
    state.answer = "unavailable";
    await time.advance(4 * MINUTE);
    state.answer = "good";
    await time.advance(10 * SECOND);
    const before = asked.length;
    await time.advance(50 * SECOND);
    expect(asked).toHaveLength(before + 1);
    await time.advance(10 * MINUTE);
    expect(ended).toEqual([]);
  });

  it("is asked about once, however much is open, and no more when all of it is closed", async () => {
    const { time, asked, watch } = open();
    const found = { checkedAt: 0 };
    const [first, second] = [watch("token", found), watch("token", found)];
    await time.advance(50 * SECOND);
    expect(asked).toHaveLength(1);
    first();
    first();
    await time.advance(50 * SECOND);
    expect(asked).toHaveLength(2);
    second();
    expect(time.pending()).toBe(0);
    await time.advance(10 * MINUTE);
    expect(asked).toHaveLength(2);
  });

  it("is left alone when all was closed while its issuer was asked", async () => {
    const { time, state, ended, watch } = open();
    Object.assign(state, { answer: "gone", takesMs: SECOND });
    const stop = watch("token", { checkedAt: 0 });
    await time.advance(50 * SECOND);
    stop();
    await time.advance(10 * MINUTE);
    expect(ended).toEqual([]);
    expect(time.pending()).toBe(0);
  });
});

it("asks about a thousand tokens within the minute, and about 16 at once", async () => {
  const { time, state, asked, ended, watch, mostUnderWay } = open();
  Object.assign(state, { answer: "gone", takesMs: 100 });
  for (let n = 0; n < 1_000; n++) watch(`token-${n}`, { checkedAt: 0 });
  await time.advance(MINUTE);
  expect(new Set(asked).size).toBe(1_000);
  expect(ended).toHaveLength(1_000);
  expect(mostUnderWay()).toBe(16);
});
