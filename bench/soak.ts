import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { median } from "./median.ts";
import { startReloading } from "./reload-latency.ts";

/**
 * `npm run soak`: memory after 50 reloads and after 500, to show that no version of a plugin is kept. `--json` prints one
 * JSON object.
 */
const EARLY = 50;
const LATE = 500;
/** Old lives end a second after the new one took over; their threads a moment later. In milliseconds. */
const SETTLE_MS = 3_000;
const MB = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const server = await startReloading();
const latencies: number[] = [];
const measured = new Map<number, NodeJS.MemoryUsage>();
for (let reload = 1; reload <= LATE; reload++) {
  latencies.push(await server.reload());
  if (reload % EARLY === 0) process.stderr.write(`${reload} of ${LATE} reloads\n`);
  if (reload === EARLY || reload === LATE) measured.set(reload, await memory());
}
await server.close();

const early = measured.get(EARLY)!;
const late = measured.get(LATE)!;
const medianReloadMs = median(latencies);
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ early, late, medianReloadMs })}\n`);
} else {
  process.stdout.write(
    `\nMemory in MB${`after ${EARLY}`.padStart(14)}${`after ${LATE}`.padStart(14)}     ratio\n`,
  );
  for (const key of ["heapUsed", "external", "rss"] as const) {
    const row = [early[key] / MB, late[key] / MB].map((value) => value.toFixed(1).padStart(14));
    process.stdout.write(
      `  ${key.padEnd(10)}${row.join("")}${(late[key] / early[key]).toFixed(2).padStart(10)}\n`,
    );
  }
  process.stdout.write(`\nSave to first new answer, median: ${medianReloadMs.toFixed(0)} ms\n`);
}

async function memory(): Promise<NodeJS.MemoryUsage> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage();
}
