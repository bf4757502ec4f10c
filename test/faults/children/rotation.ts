import type { CredentialId } from "../../../src/index.ts";
import { idOfKey, keyOf } from "../acknowledged.ts";
import { assemblePlace } from "../assembled-place.ts";
import { FAULT_ACTOR, openPlace, readValue, type NodeDriver } from "../node-place.ts";
import { say, stayAlive } from "./say.ts";
import { Steps, type StopAt } from "./steps.ts";

// Rotates keys while a second vault reads and writes beside it, and ends itself at a step of the rotation:
//   <folder> <driver> data-keys|master-key <step> before|after [<key of a credential> ...]
// With step 0 it gets to the end, and says all the steps. What is listed is read all the time, and written where its name
// is "busy".
const [folder = "", driver = "", what = "", step = "", when = "", ...keys] = process.argv.slice(2);

const release = stayAlive();
const steps = new Steps({ step: Number(step), when: when as StopAt["when"] });
await steps.ofFiles();

const rotating = await assemblePlace(
  folder,
  driver as NodeDriver,
  ({ store, driver: records, masterKeys, auditSinks }) => ({
    store: steps.of(store, "store"),
    driver: steps.of(records, "driver"),
    masterKeys: steps.of(masterKeys, "keys"),
    // Groups of records are made of what many do: whose they are cannot be told.
    auditSinks: auditSinks.map((sink) => steps.of(sink, "sink", true)),
  }),
);
const beside = await openPlace(folder, driver as NodeDriver);
const ids = keys.map(idOfKey);
const traffic = { isOver: false };

async function readAlways(): Promise<void> {
  while (!traffic.isOver) {
    for (const id of ids) {
      for (const place of [beside, rotating]) {
        if ((await readValue(place, id)) === null) throw new Error(`${keyOf(id)} is gone`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function writeAlways(id: CredentialId): Promise<void> {
  const own = beside.vault.for(id.owner, FAULT_ACTOR);
  for (let number = 1; !traffic.isOver; number++) {
    const value = `busy.${process.pid}.${number}`;
    say({ begin: keyOf(id), value });
    await own.storeCredential(id.instanceId, id.name, value);
    say({ done: keyOf(id) });
  }
}

const using = Promise.all([
  readAlways(),
  ...ids.filter(({ name }) => name === "busy").map(writeAlways),
]);
const work = { actor: FAULT_ACTOR };
await Promise.race([
  steps.within(() =>
    what === "master-key"
      ? rotating.vault.rotateMasterKey(work)
      : rotating.vault.rotateDataKeys(work),
  ),
  // Only what fails ends that early.
  using.then(() => new Promise(() => undefined)),
]);
traffic.isOver = true;
await using;
say({ steps: steps.names });
await rotating.close();
await beside.close();
release();
