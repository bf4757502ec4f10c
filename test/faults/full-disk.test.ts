import { randomInt } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Acknowledged, idOfKey } from "./acknowledged.ts";
import { checkPlace } from "./check-place.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { inLanes } from "./lanes.ts";
import { DRIVERS, FAULT_ACTOR, makePlaceFolder, openPlace, type NodeDriver } from "./node-place.ts";
import { smallDisks, type SmallDisk } from "./small-disk.ts";

const KEYS = ["one apiKey shared", "one token client:a", "two apiKey shared"];
const DISKS = smallDisks();
/** Rounds of each driver; in a round credentials are stored or read until the disk is full. */
const ROUNDS = scaled(2, 10);
/** Of the room beyond what is there. */
const ROOM_BYTES = [40_000, 400_000] as const;
/** What the two errors that are allowed say to whoever asked. */
const WORDS: Readonly<Record<string, RegExp>> = {
  VAULT_UNAVAILABLE: /^The (?:database failed: |vault's folder .* because it is full: )/,
  AUDIT_UNAVAILABLE: /^The audit record cannot be written: /,
};

interface Round {
  readonly disk: SmallDisk;
  readonly what: "store" | "read";
}

const totals = { rounds: 0, small: 0, answers: new Map<string, number>() };

describe.each(DRIVERS)("a full disk (%s)", (driver) => {
  it(
    "is told to whoever asks, leaves nothing half, and needs no repair once there is room",
    { timeout: FAULT_TIMEOUT },
    async () => {
      const rounds = Array.from({ length: ROUNDS }, (_, index): Round => ({
        disk: DISKS[((index >> 1) + DRIVERS.indexOf(driver)) % DISKS.length]!,
        what: index % 2 === 0 ? "store" : "read",
      }));
      const wrong: string[] = [];
      await inLanes(rounds, 2, async (round) => {
        const found = await fillDisk(driver, round);
        wrong.push(...found.map((what) => `${round.disk.kind}, ${round.what}: ${what}`));
      });
      expect(wrong).toEqual([]);
    },
  );
});

afterAll(() => {
  reportFigure("full disk: rounds", totals.rounds);
  reportFigure("full disk: of them on a file system that was full", totals.small);
  for (const code of Object.keys(WORDS)) {
    reportFigure(`full disk: answers ${code}`, totals.answers.get(code) ?? 0);
  }
});

/** Answers what is wrong. */
async function fillDisk(driver: NodeDriver, { disk, what }: Round): Promise<readonly string[]> {
  const { path, remove } = makePlaceFolder();
  const acknowledged = new Acknowledged();
  await storeFirst(path, driver, acknowledged);
  const { writes } = acknowledged;
  // The files of credentials are small, and would hardly ever be the ones that there is no room for.
  const isApart = driver === "file" && what === "store" && disk.kind === "small disk";
  const small = isApart ? join(path, "vault") : path;
  const wrong: string[] = [];
  let failures = 0;
  const child = startChild("full-disk.ts", [path, driver, what, ...KEYS], {
    through: (argv) => disk.through(argv, small, roomIn(small, disk)),
    onSaid(said) {
      acknowledged.hear(said);
      if (!("failed" in said)) return;
      const { code, message } = said;
      failures++;
      if (WORDS[code]?.test(message) !== true) wrong.push(`${code}: ${message}`);
      totals.answers.set(code, (totals.answers.get(code) ?? 0) + 1);
    },
  });
  await child.assertEnd(0);
  if (failures === 0) wrong.push("the disk was never full");
  if (what === "store" && acknowledged.writes === writes) wrong.push("nothing was stored");
  wrong.push(...(await checkPlace(path, driver, acknowledged, "started")).wrong);
  await storeFirst(path, driver, acknowledged);
  wrong.push(...(await checkPlace(path, driver, acknowledged, "started")).wrong);
  totals.rounds++;
  if (disk.kind === "small disk") totals.small++;
  remove();
  return wrong;
}

async function storeFirst(
  folder: string,
  driver: NodeDriver,
  acknowledged: Acknowledged,
): Promise<void> {
  const place = await openPlace(folder, driver);
  for (const key of KEYS) {
    const { owner, instanceId, name } = idOfKey(key);
    const value = `first.${key}.${randomInt(1e9)}`;
    acknowledged.hear({ begin: key, value });
    await place.vault.for(owner, FAULT_ACTOR).storeCredential(instanceId, name, value);
    acknowledged.hear({ done: key });
  }
  await place.close();
}

function roomIn(folder: string, { kind }: SmallDisk): number {
  const sizes = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => statSync(join(folder, path)))
    .map(({ size }) => Math.ceil(size / 4_096) * 4_096);
  const taken =
    kind === "file limit" ? Math.max(...sizes) : sizes.reduce((sum, size) => sum + size);
  // SQLite's shared memory and the log take some at the opening.
  return taken + 100_000 + randomInt(...ROOM_BYTES);
}
