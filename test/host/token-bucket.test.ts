import { expect, it } from "vitest";
import { createTokenBucket } from "../../src/host/token-bucket.ts";

function bucket() {
  const clock = { now: 0 };
  const rate = { burst: 10, perSecond: 2, perGift: 5 };
  return { clock, tokens: createTokenBucket(rate, () => clock.now) };
}

it("gives out its burst, and nothing where there is not enough", () => {
  const { tokens } = bucket();
  expect([tokens.take(6), tokens.take(5), tokens.take(4), tokens.take(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it("fills up over time, and by gifts, never beyond its burst", () => {
  const { clock, tokens } = bucket();
  tokens.take(10);
  clock.now = 1_000;
  expect([tokens.take(2), tokens.take(1)]).toEqual([true, false]);
  tokens.give();
  expect([tokens.take(5), tokens.take(1)]).toEqual([true, false]);
  clock.now = 1_000_000;
  for (let gift = 0; gift < 5; gift++) tokens.give();
  expect([tokens.take(10), tokens.take(1)]).toEqual([true, false]);
});

it("gains nothing from a clock that runs back", () => {
  const { clock, tokens } = bucket();
  tokens.take(10);
  clock.now = -60_000;
  expect(tokens.take(1)).toBe(false);
  clock.now = -59_500;
  expect(tokens.take(1)).toBe(true);
});
