import { describe, expect, it } from "vitest";
import { ChangeNotices } from "../../src/core/change-notices.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

function setUp(takesMs = 0) {
  const time = createFakeTime();
  const start = time.now();
  const reads: number[] = [];
  const notices = new ChangeNotices(async () => {
    reads.push(time.now() - start);
    if (takesMs > 0) await new Promise<void>((resolve) => void time.after(takesMs, resolve));
  }, time);
  return { time, reads, notices };
}

describe("ChangeNotices", () => {
  it("reads at once after the first notice", async () => {
    const { time, reads, notices } = setUp();
    notices.notice();
    await time.advance(0);
    expect(reads).toEqual([0]);
  });

  it("answers many notices in a row by one reading", async () => {
    const { time, reads, notices } = setUp();
    for (let count = 0; count < 50; count++) notices.notice();
    await time.advance(10_000);
    expect(reads).toEqual([0]);
  });

  it("reads once more for what came during a reading", async () => {
    const { time, reads, notices } = setUp(1_000);
    notices.notice();
    await time.advance(500);
    notices.notice();
    notices.notice();
    await time.advance(10_000);
    expect(reads).toEqual([0, 1_100]);
  });

  it("reads ten times a second at most, and never misses the last notice", async () => {
    const { time, reads, notices } = setUp();
    for (let count = 0; count < 100; count++) {
      notices.notice();
      await time.advance(10);
    }
    await time.advance(1_000);
    expect(reads).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
  });

  it("reads at once again after a rest", async () => {
    const { time, reads, notices } = setUp();
    notices.notice();
    await time.advance(5_000);
    notices.notice();
    await time.advance(0);
    expect(reads).toEqual([0, 5_000]);
  });
});
