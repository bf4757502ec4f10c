import { randomBytes } from "node:crypto";
import { keyOf } from "../acknowledged.ts";
import { assemblePlace } from "../assembled-place.ts";
import { FAULT_ACTOR } from "../node-place.ts";
import { say, stayAlive } from "./say.ts";

// Stores so many credentials of one instance under a few names of its own, all at once, and says how each ended:
//   <folder> <mark> <count> <limit of encryptions by one data key>
const [folder = "", mark = "", count = "", useLimit = ""] = process.argv.slice(2);
const NAMES = 10;

const release = stayAlive();
const place = await assemblePlace(folder, "database", () => ({ useLimit: Number(useLimit) }));
const own = place.vault.for("shared", FAULT_ACTOR);

async function storeMany(name: string): Promise<void> {
  const key = keyOf({ owner: "shared", instanceId: "one", name });
  for (let number = 0; number < Number(count) / NAMES; number++) {
    const value = `${name}.${number}.${randomBytes(8).toString("hex")}`;
    say({ begin: key, value });
    try {
      await own.storeCredential("one", name, value);
      say({ done: key });
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      say({ failed: key, code, message });
    }
  }
}

await Promise.all(Array.from({ length: NAMES }, (_, index) => storeMany(`p${mark}n${index}`)));
await place.close();
release();
