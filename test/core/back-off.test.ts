import { describe, expect, it } from "vitest";
import { BackOff } from "../../src/core/back-off.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

function setUp() {
  const time = createFakeTime();
  const start = time.now();
  const backOff = new BackOff(time);
  const tries: number[] = [];
  const fail = (): void => {
    backOff.failed("x", () => {
      tries.push(time.now() - start);
      fail();
    });
  };
  return { time, backOff, tries, fail };
}

describe("BackOff", () => {
  it("waits 1 s, 2 s, 4 s and so on, and five minutes at most", async () => {
    const { time, tries, fail } = setUp();
    fail();
    await time.advance(3_600_000);
    const gaps = tries.map((at, index) => at - (tries[index - 1] ?? 0));
    expect(gaps.slice(0, 12)).toEqual(
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((seconds) => seconds * 1_000),
    );
  });

  it("begins anew after a minute of running", async () => {
    const { time, backOff, tries, fail } = setUp();
    fail();
    await time.advance(7_000);
    expect([backOff.failures("x"), tries]).toEqual([4, [1_000, 3_000, 7_000]]);
    backOff.runs("x");
    await time.advance(59_999);
    expect(backOff.failures("x")).toBe(4);
    await time.advance(1);
    expect(backOff.failures("x")).toBe(0);
    fail();
    await time.advance(1_000);
    expect(tries).toEqual([1_000, 3_000, 7_000, 68_000]);
  });

  it("goes on counting when what ran ends within the minute", async () => {
    const { time, backOff, tries, fail } = setUp();
    fail();
    await time.advance(1_000);
    backOff.runs("x");
    await time.advance(59_000);
    fail();
    expect(backOff.failures("x")).toBe(3);
    await time.advance(4_000);
    expect(tries).toEqual([1_000, 64_000]);
  });

  it("forgets failures and retry of what has other code now", async () => {
    const { time, backOff, tries, fail } = setUp();
    fail();
    backOff.forget("x");
    await time.advance(600_000);
    expect([backOff.failures("x"), tries]).toEqual([0, []]);
  });

  it("counts a failure that no retry can mend, and retries nothing", async () => {
    const { time, backOff, fail, tries } = setUp();
    fail();
    backOff.failed("x", null);
    await time.advance(600_000);
    expect([backOff.failures("x"), tries]).toEqual([2, []]);
  });

  it("keeps ids apart", async () => {
    const { time, backOff } = setUp();
    const tried: string[] = [];
    backOff.failed("a", () => tried.push("a"));
    backOff.failed("b", () => tried.push("b"));
    backOff.forget("a");
    await time.advance(1_000);
    expect([tried, backOff.failures("a"), backOff.failures("b")]).toEqual([["b"], 0, 1]);
  });

  it("retries nothing after cancel", async () => {
    const { time, backOff, fail, tries } = setUp();
    fail();
    backOff.cancel();
    await time.advance(600_000);
    expect(tries).toEqual([]);
  });
});
