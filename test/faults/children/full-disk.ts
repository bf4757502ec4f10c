import { randomBytes, randomInt } from "node:crypto";
import type { CredentialId } from "../../../src/index.ts";
import { Acknowledged, idOfKey, keyOf, type Said } from "../acknowledged.ts";
import { FAULT_ACTOR, openPlace, readValue, type NodeDriver } from "../node-place.ts";
import { say, stayAlive } from "./say.ts";

// Uses credentials until the disk takes no more, then tries some more, and says how each write began and ended:
//   <folder> <driver> store|read <key of a credential> ...
const [folder = "", driver = "", what = "", ...keys] = process.argv.slice(2);
const AFTERWARDS = 12;
const MOST = what === "store" ? 300 : 10_000;

const release = stayAlive();
const place = await openPlace(folder, driver as NodeDriver);
const acknowledged = new Acknowledged();
let failures = 0;

function tell(said: Said): void {
  acknowledged.hear(said);
  say(said);
}

async function attempt(key: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code = "none", message } = error as Error & { code?: string };
    failures++;
    tell({ failed: key, code, message });
  }
}

async function store(key: string, { owner, instanceId, name }: CredentialId): Promise<void> {
  const value = `${name}.${randomBytes(randomInt(8, 1_500)).toString("hex")}`;
  tell({ begin: key, value });
  await place.vault.for(owner, FAULT_ACTOR).storeCredential(instanceId, name, value);
  tell({ done: key });
}

async function read(key: string, id: CredentialId): Promise<void> {
  const value = await readValue(place, id);
  // What was there before this process began, it has not been told.
  if (acknowledged.keys().includes(key) && !acknowledged.allows(key, value)) {
    throw new Error(`${key} is ${value?.slice(0, 40) ?? "gone"}`);
  }
}

async function useMany(first: string): Promise<void> {
  const id = idOfKey(first);
  const use = what === "store" ? store : read;
  for (let number = 0; failures === 0; number++) {
    if (number === MOST) throw new Error("the disk is not full yet");
    await attempt(first, () => use(first, id));
    // What is written over takes no more room.
    if (what !== "store") continue;
    const other = { ...id, name: `${id.name}${number}` };
    await attempt(keyOf(other), () => store(keyOf(other), other));
  }
}

await Promise.all(keys.map(useMany));
for (let number = 0; number < AFTERWARDS; number++) {
  const key = keys[number % keys.length]!;
  const use = number % 2 === 0 ? read : store;
  await attempt(key, () => use(key, idOfKey(key)));
}
await place.close();
release();
