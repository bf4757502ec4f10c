import { expect, it, onTestFinished } from "vitest";
import { createVaultRepository } from "../../src/index.ts";
import { Acknowledged, idOfKey } from "./acknowledged.ts";
import { assemblePlace } from "./assembled-place.ts";
import { startChild } from "./child.ts";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { FAULT_ACTOR, makePlaceFolder, openPlace, readValue } from "./node-place.ts";

const LIMIT = 1_000;
const PROCESSES = 3;
const WRITES_EACH = scaled(400, 5_000);

it(
  `replaces a data key that has sealed ${LIMIT} times, while ${PROCESSES} processes write, and fails none of them`,
  { timeout: FAULT_TIMEOUT },
  async () => {
    const { path, remove } = makePlaceFolder();
    onTestFinished(remove);
    const watching = await openPlace(path, "database");
    const store = createVaultRepository(watching.database);
    const acknowledged = new Acknowledged();
    const failures: unknown[] = [];
    const uses = new Map<string, number>();
    const look = async () => {
      for (const { id, instanceId, uses: count } of await store.dataKeys()) {
        if (instanceId === "one") uses.set(id, count);
      }
    };
    const looking = setInterval(() => void look(), 20);
    const children = Array.from({ length: PROCESSES }, (_, index) =>
      startChild("limited-writer.ts", [path, `${index}`, `${WRITES_EACH}`, `${LIMIT}`], {
        onSaid(said) {
          acknowledged.hear(said);
          if ("failed" in said) failures.push(said);
        },
      }),
    );
    for (const child of children) await child.assertEnd(0);
    clearInterval(looking);
    await look();

    expect(failures).toEqual([]);
    expect(acknowledged.writes).toBe(PROCESSES * WRITES_EACH);
    expect(await acknowledged.compare((key) => readValue(watching, idOfKey(key)))).toEqual([]);
    // The last to write may have been closed before it was through.
    const place = await assemblePlace(path, "database");
    await place.vault.rotateDataKeys({ actor: FAULT_ACTOR });
    expect((await place.vault.verify({ actor: FAULT_ACTOR })).faults).toEqual([]);
    const left = (await store.dataKeys()).filter(({ instanceId }) => instanceId === "one");
    expect(left.map(({ state }) => state)).toEqual(["active"]);
    await place.close();
    await watching.close();

    expect(Math.max(...uses.values())).toBeLessThanOrEqual(LIMIT);
    // Sealing anew what the old key has sealed takes of the next one's.
    expect(uses.size).toBeGreaterThanOrEqual((PROCESSES * WRITES_EACH) / LIMIT);
    reportFigure("use limit: writes by three processes", acknowledged.writes);
    reportFigure("use limit: failed writes", failures.length);
    reportFigure("use limit: data keys used", uses.size);
    reportFigure("use limit: most uses of one", Math.max(...uses.values()));
  },
);
