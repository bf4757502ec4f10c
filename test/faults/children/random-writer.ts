import { randomBytes, randomInt } from "node:crypto";
import type { CredentialId } from "../../../src/index.ts";
import { keyOf } from "../acknowledged.ts";
import { FAULT_ACTOR, openPlace, ownerVault, type NodeDriver } from "../node-place.ts";
import { say, stayAlive } from "./say.ts";

// Stores, overwrites and deletes credentials until it is killed, and says what it begins and what is done:
//   <folder> <driver> <mark> <group> [rotate]   in instances of that group; with rotate, it also replaces the data keys all the time
const [folder = "", driver = "", mark = "", group = "", rotates] = process.argv.slice(2);
const INSTANCES = [`${group}-one`, `${group}-two`, `${group}-three`];
const NAMES = ["apiKey", "secret", "token", "refresh", "$own"];

stayAlive();
const { vault } = await openPlace(folder, driver as NodeDriver);

async function writeOne(id: CredentialId, number: number): Promise<void> {
  const { instanceId, name } = id;
  const key = keyOf(id);
  const own = ownerVault(vault, id);
  const isDeletion = number > 0 && randomInt(8) === 0;
  const value = `${mark}.${key}.${number}.${randomBytes(randomInt(4, 600)).toString("hex")}`;
  say({ begin: key, value: isDeletion ? null : value });
  await (isDeletion
    ? own.deleteCredential(instanceId, name)
    : own.storeCredential(instanceId, name, value));
  say({ done: key });
}

async function writeMany(id: CredentialId): Promise<never> {
  for (let number = 1; ; number++) await writeOne(id, number);
}

async function rotateAlways(): Promise<never> {
  for (;;) await vault.rotateDataKeys({ actor: FAULT_ACTOR });
}

const ids = INSTANCES.flatMap((instanceId) =>
  NAMES.map((name): CredentialId => ({
    owner: name === "token" ? "client:a" : "shared",
    instanceId,
    name,
  })),
);
// Whoever held an instance's turn when it was killed holds it up for a while.
await Promise.all(ids.map((id) => writeOne(id, 0)));
say({ ready: true });
await Promise.all([...ids.map(writeMany), ...(rotates === "rotate" ? [rotateAlways()] : [])]);
