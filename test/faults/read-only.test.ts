import { lchownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { Acknowledged, idOfKey } from "./acknowledged.ts";
import { checkPlace } from "./check-place.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure } from "./figures.ts";
import { FAULT_ACTOR, makePlaceFolder, openPlace, type NodeDriver } from "./node-place.ts";

const KEY = "one apiKey shared";
const DATABASE = "The database failed: ";
const AUDIT = "The audit record cannot be written: ";

const vault = (message: string) => ({ outcome: "VAULT_UNAVAILABLE", message });
const audit = (message: string) => ({ outcome: "AUDIT_UNAVAILABLE", message });
const value = (outcome: string) => ({ outcome, message: "" });
const totals = { attempts: 0 };

/** What may not be written, and what reading, storing and deleting are answered meanwhile. */
const CASES: readonly {
  readonly driver: NodeDriver;
  readonly parts: readonly ("database" | "vault" | "audit")[];
  readonly read: ReturnType<typeof value>;
  readonly change: ReturnType<typeof value>;
}[] = [
  {
    driver: "database",
    parts: ["database"],
    read: value("before"),
    change: vault(DATABASE),
  },
  {
    driver: "database",
    parts: ["database", "audit"],
    read: audit(AUDIT),
    change: audit(AUDIT),
  },
  {
    driver: "file",
    parts: ["vault"],
    read: value("before"),
    change: vault("cannot be used because it may not be written or read: "),
  },
  {
    driver: "file",
    parts: ["database", "vault"],
    read: value("before"),
    change: vault(DATABASE),
  },
  {
    driver: "file",
    parts: ["database", "vault", "audit"],
    read: audit(AUDIT),
    change: audit(AUDIT),
  },
];

describe.each(CASES)(
  "$driver driver, while $parts may not be written",
  ({ driver, parts, read, change }) => {
    it(
      "says so, changes nothing, and goes on as before once it may be",
      { timeout: FAULT_TIMEOUT },
      async () => {
        const { path, remove } = makePlaceFolder();
        onTestFinished(remove);
        const { owner, instanceId, name } = idOfKey(KEY);
        const place = await openPlace(path, driver);
        const own = place.vault.for(owner, FAULT_ACTOR);
        await own.storeCredential(instanceId, name, "before");
        await own.storeCredential(instanceId, `${name}2`, "second");
        await place.close();

        const tried: unknown[] = [];
        const child = startChild("read-only.ts", [path, driver, KEY, ...parts], {
          onSaid: (said) => void tried.push(said),
        });
        await child.assertEnd(0);
        const answered = (what: string, { outcome, message }: typeof read) => ({
          tried: what,
          outcome,
          message: expect.stringContaining(message) as string,
        });
        expect(tried).toEqual([
          answered("read", read),
          answered("store", change),
          // A deletion takes the credential out of the database first.
          answered("delete", change),
          answered("read", read),
          answered("read", value("before")),
          answered("store", value("stored")),
          answered("delete", value("deleted")),
          answered("read", value("writable-again")),
        ]);
        totals.attempts += 4;

        takeBack(path);
        const acknowledged = new Acknowledged();
        acknowledged.hear({ begin: KEY, value: "writable-again" });
        acknowledged.hear({ done: KEY });
        acknowledged.hear({ begin: `${instanceId} ${name}2 ${owner}`, value: null });
        acknowledged.hear({ done: `${instanceId} ${name}2 ${owner}` });
        expect((await checkPlace(path, driver, acknowledged)).wrong).toEqual([]);
      },
    );
  },
);

afterAll(() => reportFigure("read-only: attempts answered as they should be", totals.attempts));

/** The child gave everything to somebody without rights, where it had any. */
function takeBack(folder: string): void {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  for (const path of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    lchownSync(join(folder, path), uid, gid);
  }
}
