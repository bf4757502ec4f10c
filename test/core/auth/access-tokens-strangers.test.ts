import { describe, expect, it } from "vitest";
import type { Asker } from "../../../src/core/auth/question-slots.ts";
import {
  claimsOf,
  createFixture,
  INTROSPECT,
  introspected,
  REFUSED,
  startIssuer,
  UNAVAILABLE,
} from "./access-token-fixture.ts";

const TOKEN = "opaque-token_0123456789";

/** Somebody at an address, who may guess as often as they like. */
const at = (address: string | null): Asker => ({ address, mayGuess: () => true });

/** A server that knows one good token, and an issuer that will say of any other that it is none. */
async function open() {
  const issuer = await startIssuer();
  const fixture = createFixture(introspected(issuer).settings);
  const { tokens, time } = fixture;
  const good = { active: true, ...claimsOf(issuer.server.origin, time.now()) };
  issuer.answers[INTROSPECT] = { body: good };
  const known = await tokens.verify(TOKEN);
  if (!known.ok) throw new Error(known.reason);
  issuer.answers[INTROSPECT] = { body: { active: false } };
  const guess = (count: number, askerOf: (turn: number) => Asker) =>
    Promise.all(
      Array.from({ length: count }, (_, turn) =>
        tokens
          .verify(`made-up-${turn}`, askerOf(turn))
          .then((result) => !result.ok && result.reason),
      ),
    );
  return { ...fixture, issuer, good, guess, hits: () => issuer.server.hits(INTROSPECT) - 1 };
}

const countOf = (reasons: readonly unknown[], reason: string) =>
  reasons.filter((each) => each === reason).length;

describe("tokens that nobody has seen good", () => {
  it("of one address are asked about eight at a time: for more it is to come again", async () => {
    const { tokens, guess, hits } = await open();
    const reasons = await guess(100, () => at("203.0.113.1"));
    expect([countOf(reasons, "invalid"), countOf(reasons, "unavailable"), hits()]).toEqual([
      8, 92, 8,
    ]);
    expect(await tokens.verify("made-up-99", at("203.0.113.1"))).toEqual(REFUSED);
  });

  it("of all addresses are asked about 48 at a time", async () => {
    const { guess, hits } = await open();
    const reasons = await guess(100, (turn) => at(`203.0.113.${turn}`));
    expect([countOf(reasons, "invalid"), countOf(reasons, "unavailable"), hits()]).toEqual([
      48, 52, 48,
    ]);
  });

  it("of nobody knows where count among all, and not against each other", async () => {
    const { guess } = await open();
    expect(countOf(await guess(100, () => at(null)), "invalid")).toBe(48);
  });

  it("are asked about no more where the guesses of an address are spent", async () => {
    const { tokens, hits } = await open();
    const spent: Asker = { address: "203.0.113.1", mayGuess: () => false };
    expect(await tokens.verify("made-up", spent)).toEqual(REFUSED);
    expect(hits()).toBe(0);
    // That was no word of the issuer's.
    expect(await tokens.verify("made-up", at("192.0.2.7"))).toEqual(REFUSED);
    expect(hits()).toBe(1);
  });

  it("take no turn from others, and none from those that were good a minute ago", async () => {
    const { tokens, time, issuer, good, guess } = await open();
    await time.advance(60_000);
    const guessing = guess(100, () => at("203.0.113.1"));
    issuer.answers[INTROSPECT] = { body: good };
    const [again, other] = await Promise.all([
      tokens.verify(TOKEN, at("203.0.113.1")),
      tokens.verify("the-token-of-somebody-else", at("192.0.2.7")),
    ]);
    await guessing;
    expect([again.ok, other.ok]).toEqual([true, true]);
  });

  it("cannot keep a good one from being asked about again, however many addresses they have", async () => {
    const { tokens, time, issuer, good, guess } = await open();
    await time.advance(60_000);
    const guessing = guess(100, (turn) => at(`203.0.113.${turn}`));
    issuer.answers[INTROSPECT] = { body: good };
    const [again, other] = await Promise.all([
      tokens.verify(TOKEN, { address: "192.0.2.7", mayGuess: () => false }),
      tokens.verify("the-token-of-somebody-else", at("192.0.2.7")),
    ]);
    await guessing;
    expect([again.ok, other]).toEqual([true, UNAVAILABLE]);
  });
});
