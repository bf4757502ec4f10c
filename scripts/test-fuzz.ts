/**
 * `npm run test:fuzz`: 100,000 random inputs of each kind (`FUZZ_CASES` says another number). The seed is printed; `FUZZ_SEED`
 * repeats a run.
 */
import { spawnSync } from "node:child_process";

const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "test/fuzz/", "--disable-console-intercept"],
  { stdio: "inherit", env: { FUZZ_CASES: "100000", ...process.env } },
);
process.exitCode = status ?? 1;
