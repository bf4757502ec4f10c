import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { Acknowledged } from "./acknowledged.ts";
import { checkPlace } from "./check-place.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { inLanes } from "./lanes.ts";
import { DRIVERS, makePlaceFolder, type NodeDriver } from "./node-place.ts";

/** Folders, so that some wait for what is dead while others write. */
const FOLDERS = scaled(2, 4);
/** Kills in each folder, 20 in all in the quick run and 208 in the full one; more, where the machine is slow. */
const CYCLES = scaled(5, 26);
/** What they have to acknowledge in all for that to mean something. */
const WRITES = scaled(500, 10_000);
const BEFORE_KILL_MS = [50, 600] as const;
/**
 * Every so many cycles write to the instances of the cycle before, and wait two seconds for the turn that the dead process
 * held; the others to new ones.
 */
const OLD_INSTANCES_EVERY = scaled(5, 2);
/** Of a start that has not written yet. */
const STARTING_MS = 900;

const totals = { cycles: 0, writes: 0, deletions: 0, starting: 0, auditRecords: 0, torn: 0 };

describe.concurrent.each(DRIVERS)("a process that is killed at a random moment (%s)", (driver) => {
  it(
    "has lost no write that it acknowledged, and brought back none that it deleted",
    { timeout: FAULT_TIMEOUT },
    async () => {
      const jobs = Array.from({ length: FOLDERS }, (_, lane) => lane);
      const wrong: string[] = [];
      await inLanes(jobs, FOLDERS, async (lane) => {
        wrong.push(...(await killOften(driver, lane)));
      });
      expect(wrong).toEqual([]);
    },
  );
});

it("was so with enough writes to lose", () => {
  expect(totals.writes).toBeGreaterThan(WRITES);
});

afterAll(() => {
  reportFigure("random kills", totals.cycles);
  reportFigure("random kills while starting", totals.starting);
  reportFigure("random kills: acknowledged writes", totals.writes);
  reportFigure("random kills: acknowledged deletions", totals.deletions);
  reportFigure("random kills: audit records checked", totals.auditRecords);
  reportFigure("random kills: half records at the end of a journal", totals.torn);
});

/** Answers what is wrong, as soon as something is. */
async function killOften(driver: NodeDriver, lane: number): Promise<readonly string[]> {
  const { path, remove } = makePlaceFolder();
  const acknowledged = new Acknowledged();
  let wrong: readonly string[] = [];
  const isOver = (cycle: number) => cycle > CYCLES && acknowledged.writes > WRITES / FOLDERS / 2;
  for (let cycle = 1; !isOver(cycle) && wrong.length === 0; cycle++) {
    // Some die before they are ready, most of them before they have written anything.
    const isStarting = (lane + cycle) % 8 === 5;
    const isOld = cycle % OLD_INSTANCES_EVERY === 0;
    const group = `g${isOld ? cycle - 1 : cycle}`;
    await killOnce(driver, path, acknowledged, { mark: `${lane}.${cycle}`, group, isStarting });
    const checksAudit = cycle % 5 === 0 || isOver(cycle + 1) ? "ok" : false;
    const found = await checkPlace(path, driver, acknowledged, checksAudit);
    wrong = found.wrong.map((what) => `${driver} ${lane}.${cycle}: ${what}`);
    totals.cycles++;
    if (isStarting) totals.starting++;
    if (isOver(cycle + 1)) totals.auditRecords += found.auditRecords;
    totals.torn += found.torn;
  }
  totals.writes += acknowledged.writes;
  totals.deletions += acknowledged.deletions;
  remove();
  return wrong;
}

async function killOnce(
  driver: NodeDriver,
  folder: string,
  acknowledged: Acknowledged,
  {
    mark,
    group,
    isStarting,
  }: { readonly mark: string; readonly group: string; readonly isStarting: boolean },
): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const args = [folder, driver, mark, group, ...(randomInt(3) === 0 ? ["rotate"] : [])];
  const child = startChild("random-writer.ts", args, {
    onSaid(said) {
      acknowledged.hear(said);
      if ("ready" in said) ready.resolve();
    },
  });
  if (isStarting) await pause(randomInt(STARTING_MS));
  else {
    await Promise.race([ready.promise, child.ended]);
    await pause(randomInt(...BEFORE_KILL_MS));
  }
  child.kill();
  await child.assertEnd("SIGKILL");
}
