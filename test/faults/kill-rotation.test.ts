import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { CredentialId, Owner } from "../../src/index.ts";
import { Acknowledged, idOfKey, keyOf } from "./acknowledged.ts";
import { assemblePlace } from "./assembled-place.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { createHurriedTime } from "./hurried-time.ts";
import { inLanes } from "./lanes.ts";
import {
  DRIVERS,
  FAULT_ACTOR,
  makePlaceFolder,
  openPlace,
  readValue,
  type NodeDriver,
  type NodePlace,
} from "./node-place.ts";
import type { StopAt } from "./children/steps.ts";

const LANES = 4;
const IDS: readonly CredentialId[] = [
  ["one", "apiKey", "shared"],
  ["one", "busy", "client:a"],
  ...scaled(
    [],
    [
      ["two", "apiKey", "shared"],
      ["two", "token", "user:issuer:somebody"],
    ],
  ),
].map(([instanceId = "", name = "", owner]) => ({ instanceId, name, owner: owner as Owner }));
const KEYS = IDS.map(keyOf);
/** The quick run ends a process at every so many of the moments at which the full one does. */
const QUICK_EVERY = 21;

const totals = { kills: 0, steps: 0, unharmed: 0 };

describe.each(DRIVERS)("a process that is killed at a step of a rotation (%s)", (driver) => {
  it.each([
    ["data-keys", checkDataKeys],
    ["master-key", checkMasterKey],
  ] as const)(
    "leaves every credential readable, and a rotation that can be repeated: %s",
    { timeout: FAULT_TIMEOUT },
    async (what, checkRotated) => {
      const template = makePlaceFolder();
      onTestFinished(template.remove);
      const prepared = await preparePlace(template.path, driver);
      const names = await stepsOf(template.path, driver, what);
      totals.steps += names.length;
      const wrong: string[] = [];
      await inLanes(stopsIn(names), LANES, async (stopAt) => {
        const { path, remove } = makePlaceFolder();
        cpSync(template.path, path, { recursive: true });
        const acknowledged = new Acknowledged();
        for (const key of KEYS) {
          acknowledged.hear({ begin: key, value: valueOf(key) });
          acknowledged.hear({ done: key });
        }
        // Another server on the same store, which was there before.
        const survivor = await openPlace(path, driver);
        const wasKilled = await rotateUntil(path, driver, what, stopAt, acknowledged);
        if (wasKilled) totals.kills++;
        else totals.unharmed++;
        const where = `${stopAt.when} step ${stopAt.step} (${names[stopAt.step - 1]})`;
        const look = async (place: NodePlace, when: string) => {
          const found = await acknowledged.compare((key) => readValue(place, idOfKey(key)));
          wrong.push(...found.map((fault) => `killed ${where}, ${when}: ${fault}`));
        };
        await look(survivor, "to another process");
        await survivor.close();
        const place = await assemblePlace(path, driver, () => ({ time: createHurriedTime() }));
        await look(place, "opened again");
        await checkRotated(place, path, prepared);
        await look(place, "after another rotation");
        const { faults } = await place.vault.verify({ actor: FAULT_ACTOR });
        wrong.push(...faults.map((fault) => `killed ${where}: ${JSON.stringify(fault)}`));
        await place.close();
        remove();
      });
      expect(wrong).toEqual([]);
    },
  );
});

it("was so with enough kills", () => {
  expect(totals.kills).toBeGreaterThan(scaled(8, 300));
});

afterAll(() => {
  reportFigure("rotation: steps of one, all four rotations", totals.steps);
  reportFigure("rotation: kills at a step", totals.kills);
  reportFigure("rotation: ended before its step came", totals.unharmed);
});

const valueOf = (key: string) => `first.${key}`;

async function preparePlace(folder: string, driver: NodeDriver): Promise<{ masterKeyId: string }> {
  const place = await openPlace(folder, driver);
  for (const id of IDS) {
    await place.vault
      .for(id.owner, FAULT_ACTOR)
      .storeCredential(id.instanceId, id.name, valueOf(keyOf(id)));
  }
  const { masterKeyId } = await place.vault.status();
  await place.close();
  return { masterKeyId };
}

/** What a whole rotation does, from one that nobody ends. */
async function stepsOf(
  template: string,
  driver: NodeDriver,
  what: string,
): Promise<readonly string[]> {
  const { path, remove } = makePlaceFolder();
  cpSync(template, path, { recursive: true });
  let names: readonly string[] = [];
  const child = startChild("rotation.ts", [path, driver, what, "0", "before", ...KEYS], {
    onSaid(said) {
      if ("steps" in said) names = said.steps;
    },
  });
  await child.assertEnd(0);
  remove();
  expect(names.length).toBeGreaterThan(10);
  return names;
}

/** What the disk does in one step cannot be seen from after it: the next step begins with the same. */
function stopsIn(names: readonly string[]): StopAt[] {
  const all = names.flatMap((name, index): StopAt[] => {
    const step = index + 1;
    const before: StopAt = { step, when: "before" };
    return name.startsWith("file.") ? [before] : [before, { step, when: "after" }];
  });
  return scaled(
    all.filter((_, index) => index % QUICK_EVERY === 0),
    all,
  );
}

async function rotateUntil(
  folder: string,
  driver: NodeDriver,
  what: string,
  { step, when }: StopAt,
  acknowledged: Acknowledged,
): Promise<boolean> {
  const child = startChild("rotation.ts", [folder, driver, what, `${step}`, when, ...KEYS], {
    onSaid: (said) => acknowledged.hear(said),
  });
  const wasKilled = (await child.ended) === "SIGKILL";
  if (!wasKilled) await child.assertEnd(0);
  return wasKilled;
}

async function checkDataKeys({ vault }: NodePlace): Promise<void> {
  const before = await vault.status();
  await vault.rotateDataKeys({ actor: FAULT_ACTOR });
  const { instances } = await vault.status();
  expect(instances.map(({ instanceId, pending }) => [instanceId, pending])).toEqual(
    [...new Set(IDS.map(({ instanceId }) => instanceId))].map((instanceId) => [instanceId, 0]),
  );
  const old = new Set(before.instances.map(({ dataKeyId }) => dataKeyId));
  expect(instances.filter(({ dataKeyId }) => old.has(dataKeyId))).toEqual([]);
}

async function checkMasterKey(
  { vault }: NodePlace,
  folder: string,
  { masterKeyId: first }: { readonly masterKeyId: string },
): Promise<void> {
  const before = await vault.status();
  expect(before.masterRotationPending).toBe(false);
  const old = readFileSync(join(folder, "master.key"), "utf8");
  await vault.rotateMasterKey({ actor: FAULT_ACTOR });
  const after = await vault.status();
  expect(after.masterRotationPending).toBe(false);
  expect([first, before.masterKeyId]).not.toContain(after.masterKeyId);
  expect(readFileSync(join(folder, "master.key"), "utf8")).not.toBe(old);
  // A draft that a kill has left (`.new`) is nobody's key.
  expect(readdirSync(folder).filter((name) => /^master\.key\.next\.[0-9a-f]+$/.test(name))).toEqual(
    [],
  );
}
