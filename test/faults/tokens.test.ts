import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { AppError } from "../../src/index.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, IS_FULL, reportFigure, scaled } from "./figures.ts";
import { FAULT_ACTOR } from "./node-place.ts";
import { connectAccount, isGoodToken, openConnectedPlace } from "./tokens-connected.ts";

const PROCESSES = 4;
const CALLERS = 100;
/** Of a process each, between the provider's answer and the save. */
const KILLS = scaled(4, 200);
/** In the last quarter of its life, a token counts as run out. */
const SHORT_LIFE_SECONDS = 8;
const RUNS_OUT_AFTER_MS = 6_500;

const totals = { kills: 0, unsaved: 0, kept: 0, reconnected: 0, silent: 0, wrong: 0 };

describe("a token that has run out", () => {
  it(
    `is renewed once for ${PROCESSES * CALLERS} callers in ${PROCESSES} processes`,
    { timeout: FAULT_TIMEOUT },
    async () => {
      const { path, oidc } = await openConnectedPlace({ seconds: SHORT_LIFE_SECONDS });
      const at = Date.now() + RUNS_OUT_AFTER_MS;
      const got: string[] = [];
      const children = Array.from({ length: PROCESSES }, () =>
        startChild("token-callers.ts", [path, oidc.issuer, `${CALLERS}`, `${at}`], {
          onSaid: (said) => void ("got" in said && got.push(said.got)),
        }),
      );
      const before = oidc.hits("POST /token");
      for (const child of children) await child.assertEnd(0);
      expect(got).toHaveLength(PROCESSES * CALLERS);
      expect(new Set(got).size).toBe(1);
      expect(await isGoodToken(oidc, got[0]!)).toBe(true);
      expect(oidc.hits("POST /token") - before).toBe(1);
      reportFigure("tokens: callers at once in four processes", got.length);
      reportFigure("tokens: requests to the provider for them", oidc.hits("POST /token") - before);
    },
  );
});

describe("a process that is killed between the provider's answer and the save", () => {
  it.each([
    ["takes the token before once more", true],
    ["takes each token once", false],
  ])(
    `loses no grant in silence, with a provider that %s`,
    { timeout: FAULT_TIMEOUT },
    async (_what, honoursPrevious) => {
      const { path, oidc, place } = await openConnectedPlace({ honoursPrevious });
      let lost = 0;
      for (let kill = 0; kill < KILLS / 2; kill++) {
        const isSaved = await killOnce(path, oidc.issuer);
        totals.kills++;
        if (!isSaved) totals.unsaved++;
        const found = await place.tokens.refresh(place.account).catch((error: unknown) => error);
        if (found instanceof AppError) {
          // Said in so many words, and nothing else.
          const isSaid = found.code === "NOT_CONNECTED";
          if (!isSaid || (await place.tokens.isConnected(place.account))) totals.silent++;
          lost++;
          totals.reconnected++;
          await connectAccount(place);
        } else {
          totals.kept++;
        }
        const { accessToken } = await place.tokens.token(place.account, FAULT_ACTOR);
        if (!(await isGoodToken(oidc, accessToken))) totals.wrong++;
      }
      expect([totals.wrong, totals.silent]).toEqual([0, 0]);
      expect(honoursPrevious ? lost : 0).toBe(0);
    },
  );

  it.runIf(IS_FULL)("is met by kills before anything was saved", () => {
    expect(totals.unsaved).toBeGreaterThan(0);
  });

  afterAll(() => {
    reportFigure("tokens: kills between answer and save", totals.kills);
    reportFigure("tokens: of these before it was saved", totals.unsaved);
    reportFigure("tokens: grants that went on", totals.kept);
    reportFigure("tokens: grants that needed a person, and said so", totals.reconnected);
    reportFigure("tokens: grants that were lost without a word", totals.silent);
    reportFigure("tokens: wrong tokens used", totals.wrong);
  });
});

/** Answers whether it had saved the new tokens by then. */
async function killOnce(folder: string, issuer: string): Promise<boolean> {
  const answered = Promise.withResolvers<void>();
  const state = { isSaved: false };
  const child = startChild("token-killed.ts", [folder, issuer], {
    onSaid(said) {
      if ("answered" in said) answered.resolve();
      if ("saved" in said) state.isSaved = true;
    },
  });
  await Promise.race([answered.promise, child.ended]);
  await pause(randomInt(8));
  child.kill();
  await child.assertEnd("SIGKILL");
  return state.isSaved;
}
