import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { GATES, runGate } from "./gates.ts";

/**
 * `npm test`: the gates and every test, with one closing line for both. With arguments, only the tests that they
 * choose: `npm test -- test/core`.
 */
const REPORT = ".cache/vitest.json";
const chosen = process.argv.slice(2);

const gates = chosen.length > 0 ? [] : GATES.map(runGate);
mkdirSync(".cache", { recursive: true });
rmSync(REPORT, { force: true });
const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const { status } = spawnSync(process.execPath, [...vitest, ...reporters, ...chosen], {
  stdio: "inherit",
});

const tests = readReport();
// A run that ended badly without a failed test (a suite that could not load, an unhandled error) has failed, too.
const broken = status !== 0 && tests.failed === 0 ? 1 : 0;
const passed = tests.passed + gates.filter(Boolean).length;
const failed = tests.failed + gates.filter((gate) => !gate).length + broken;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function readReport(): { passed: number; failed: number } {
  try {
    const report = JSON.parse(readFileSync(REPORT, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
