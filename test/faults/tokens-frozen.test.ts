import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { AppError } from "../../src/index.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { FROZEN_MOMENTS, type FrozenMoment } from "./frozen-moments.ts";
import { FAULT_ACTOR } from "./node-place.ts";
import { isGoodToken, openConnectedPlace, type ConnectedPlace } from "./tokens-connected.ts";

/** Of each moment, with each provider. */
const FREEZES = scaled(1, 5);
/** A signal is delivered at its leisure. */
const STANDS_STILL_MS = 20;
/** A holder that has not shown itself for so long is taken for dead. */
const LEASE_MS = 2_000;

const KEPT = "the newer tokens are used and renewed";
const SAID =
  "needs_reauth: an earlier renewal ended without an answer that could be saved, and the provider does not take the old token again";

interface Outcome {
  readonly state: string;
  /** Tokens that somebody got and the provider did not take. */
  readonly wrong: number;
}

type Outcomes = Readonly<Record<FrozenMoment, Outcome>>;

const totals = { freezes: 0, kept: 0, said: 0, silent: 0, wrong: 0 };

describe("a process that is frozen in a renewal, while another one renews,", () => {
  it.each<{
    provider: string;
    honoursPrevious: boolean;
    expected: Outcomes;
    /** What comes of it until that is mended, and a line here goes. */
  }>([
    {
      provider: "takes the token before once more",
      honoursPrevious: true,
      expected: {
        "between the note that it renews and the request": { state: KEPT, wrong: 0 },
        "before its last look at the lease": { state: KEPT, wrong: 0 },
        "between its last look at the lease and the vault": { state: KEPT, wrong: 0 },
        "within the vault, before the commit": { state: KEPT, wrong: 0 },
        "between the commit and the note that it was saved": { state: KEPT, wrong: 0 },
      },
    },
    {
      provider: "takes each token once",
      honoursPrevious: false,
      expected: {
        "between the note that it renews and the request": { state: KEPT, wrong: 0 },
        "before its last look at the lease": { state: SAID, wrong: 0 },
        "between its last look at the lease and the vault": { state: SAID, wrong: 0 },
        "within the vault, before the commit": { state: SAID, wrong: 0 },
        // The other one has found the tokens, and nothing was sent twice.
        "between the commit and the note that it was saved": { state: KEPT, wrong: 0 },
      },
    },
  ])(
    "loses nothing in silence, with a provider that $provider",
    { timeout: FAULT_TIMEOUT },
    async ({ honoursPrevious, expected }) => {
      for (let freeze = 0; freeze < FREEZES; freeze++) {
        const found = await Promise.all(
          FROZEN_MOMENTS.map(async (moment) => {
            const connected = await openConnectedPlace({ honoursPrevious });
            return [moment, await freezeOnce(connected, moment)] as const;
          }),
        );
        for (const [, outcome] of found) count(outcome);
        expect(Object.fromEntries(found)).toEqual(expected);
      }
    },
  );

  afterAll(() => {
    reportFigure("tokens: processes frozen in a renewal beyond their lease", totals.freezes);
    reportFigure("tokens: of these, grants that went on", totals.kept);
    reportFigure("tokens: of these, grants that needed a person, and said so", totals.said);
    reportFigure("tokens: of these, grants that were lost without a word", totals.silent);
    reportFigure("tokens: wrong tokens handed out beside or after a freeze", totals.wrong);
  });
});

function count({ state, wrong }: Outcome): void {
  totals.freezes++;
  if (state === KEPT) totals.kept++;
  else if (state.startsWith("needs_reauth: ")) totals.said++;
  else totals.silent++;
  totals.wrong += wrong;
}

/** What is left when the frozen process has gone on and ended. */
async function freezeOnce(
  { path, oidc, place }: ConnectedPlace,
  moment: FrozenMoment,
): Promise<Outcome> {
  const { tokens, account, grants } = place;
  const given: Promise<boolean>[] = [];
  const reached = Promise.withResolvers<void>();
  const goOn = join(path, "go-on");
  const child = startChild("token-frozen.ts", [path, oidc.issuer, moment, goOn], {
    onSaid(said) {
      if ("ready" in said) reached.resolve();
      if ("got" in said) given.push(isGoodToken(oidc, said.got));
    },
  });
  onTestFinished(() => child.kill());
  const get = async (asked: Promise<{ readonly accessToken: string }>): Promise<string | null> => {
    try {
      const { accessToken } = await asked;
      given.push(isGoodToken(oidc, accessToken));
      return accessToken;
    } catch (error) {
      if (error instanceof AppError && error.code === "NOT_CONNECTED") return null;
      throw error;
    }
  };

  await Promise.race([reached.promise, child.assertEnd("SIGKILL")]);
  child.freeze();
  await pause(STANDS_STILL_MS);
  // From now on nothing holds it but the signal.
  writeFileSync(goOn, "");
  const since = performance.now();
  const newer = await get(tokens.refresh(account));
  // It had to wait until the lease had run out.
  expect(performance.now() - since).toBeGreaterThanOrEqual(LEASE_MS);
  child.thaw();
  await child.assertEnd(0);

  const current = await get(tokens.token(account, FAULT_ACTOR));
  const renewed = await get(tokens.refresh(account));
  const grant = await grants.find(account.spec.instanceId, account.owner);
  const isKept = newer !== null && current === newer && renewed !== null && renewed !== newer;
  const state =
    isKept && grant?.status === "connected" ? KEPT : `${grant?.status}: ${grant?.reason}`;
  return { state, wrong: (await Promise.all(given)).filter((isGood) => !isGood).length };
}
