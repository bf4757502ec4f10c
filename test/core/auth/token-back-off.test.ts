import { expect, it } from "vitest";
import { TokenBackOff } from "../../../src/core/auth/token-back-off.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";

const MINUTE = 60_000;

it("leaves a provider alone twice as long each time, five minutes at most, until it has answered", async () => {
  const time = createFakeTime();
  const backOff = new TokenBackOff(time);
  const waits = Array.from({ length: 11 }, () => backOff.failed("a", "busy") / 1_000);
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect([backOff.waitMs("a"), backOff.reason("a")]).toEqual([5 * MINUTE, "busy"]);
  expect([backOff.waitMs("b"), backOff.reason("b")]).toEqual([0, ""]);
  await time.advance(5 * MINUTE);
  expect(backOff.waitMs("a")).toBe(0);
  backOff.succeeded("a");
  expect(backOff.failed("a", "busy again")).toBe(1_000);
});

it("leaves a provider alone for as long as it asks, and for no less than it would have by itself", () => {
  const backOff = new TokenBackOff(createFakeTime());
  expect(backOff.failed("a", "busy", 10 * MINUTE)).toBe(10 * MINUTE);
  expect(backOff.failed("a", "busy", 1)).toBe(2_000);
});
