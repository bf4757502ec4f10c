import { chmodSync, lchownSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { idOfKey } from "../acknowledged.ts";
import { FAULT_ACTOR, openPlace, readValue, type NodeDriver } from "../node-place.ts";
import { say, stayAlive } from "./say.ts";

// Tries a credential while parts of the data folder may not be written, then once they may, and says how each try ended:
//   <folder> <driver> <key of a credential> <part> ...    parts: database, vault, audit
const [folder = "", driver = "", key = "", ...parts] = process.argv.slice(2);
/** What systems give to nobody in particular. */
const NOBODY = 65_534;

const release = stayAlive();
const place = await openPlace(folder, driver as NodeDriver);
const id = idOfKey(key);
const own = place.vault.for(id.owner, FAULT_ACTOR);
// Modes mean nothing to root.
if (process.getuid?.() === 0) {
  for (const path of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    lchownSync(join(folder, path), NOBODY, NOBODY);
  }
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}

function setReadOnly(isReadOnly: boolean): void {
  for (const part of parts) {
    if (part === "database") {
      const { $client } = place.database.db as unknown as {
        $client: { pragma(text: string): void };
      };
      $client.pragma(`query_only = ${isReadOnly ? "ON" : "OFF"}`);
      continue;
    }
    const top = join(folder, part);
    const below = readdirSync(top, { recursive: true, encoding: "utf8" }).map((path) =>
      join(top, path),
    );
    for (const path of [top, ...below]) {
      if (statSync(path).isDirectory()) chmodSync(path, isReadOnly ? 0o500 : 0o700);
    }
  }
}

async function attempt(tried: string, work: () => Promise<string>): Promise<void> {
  try {
    say({ tried, outcome: await work(), message: "" });
  } catch (error) {
    const { code = "none", message } = error as Error & { code?: string };
    say({ tried, outcome: code, message });
  }
}

async function attemptAll(value: string): Promise<void> {
  await attempt("read", async () => (await readValue(place, id)) ?? "nothing");
  await attempt("store", async () => {
    await own.storeCredential(id.instanceId, id.name, value);
    return "stored";
  });
  await attempt("delete", async () => {
    await own.deleteCredential(id.instanceId, `${id.name}2`);
    return "deleted";
  });
  await attempt("read", async () => (await readValue(place, id)) ?? "nothing");
}

setReadOnly(true);
await attemptAll("while-read-only");
setReadOnly(false);
await attemptAll("writable-again");
await place.close();
release();
