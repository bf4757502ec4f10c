import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";

/**
 * `npm run test:faults`: the checks of `test/faults` at full length (`npm test` has them in a quick form), and the figures
 * that they come to. With `--json` the figures are JSON; other arguments choose among the checks.
 */
const REPORT = ".cache/faults.json";
const FIGURES = ".cache/faults.jsonl";
const asJson = process.argv.includes("--json");
const chosen = process.argv.slice(2).filter((argument) => argument !== "--json");

mkdirSync(".cache", { recursive: true });
rmSync(REPORT, { force: true });
rmSync(FIGURES, { force: true });
const started = Date.now();
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project=processes",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${REPORT}`,
    ...(chosen.length > 0 ? chosen : ["test/faults/"]),
  ],
  {
    // What vitest says goes beside the figures.
    stdio: ["inherit", asJson ? 2 : "inherit", "inherit"],
    env: { ...process.env, FAULTS: "full", FAULTS_FIGURES: FIGURES },
  },
);

const figures = { ...readFigures(), seconds: Math.round((Date.now() - started) / 1_000) };
if (asJson) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
else {
  const width = Math.max(...Object.keys(figures).map(({ length }) => length));
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`${name.padEnd(width)}  ${value.toLocaleString("en").padStart(9)}\n`);
  }
}
const tests = readReport();
// A run that ended badly without a failed test has failed, too.
const failed = tests.failed + (status !== 0 && tests.failed === 0 ? 1 : 0);
const closing = `${tests.passed} passed, ${failed} failed\n`;
(asJson ? process.stderr : process.stdout).write(closing);
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;

function readFigures(): Readonly<Record<string, number>> {
  const lines = read(FIGURES)
    .split("\n")
    .filter((line) => line !== "");
  const all = lines.map((line) => JSON.parse(line) as { name: string; value: number });
  return Object.fromEntries(all.map(({ name, value }) => [name, value]));
}

function readReport(): { readonly passed: number; readonly failed: number } {
  const text = read(REPORT);
  if (text === "") return { passed: 0, failed: 0 };
  const report = JSON.parse(text) as { numPassedTests: number; numFailedTests: number };
  return { passed: report.numPassedTests, failed: report.numFailedTests };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
