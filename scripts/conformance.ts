/**
 * `npm run conformance`: runs the conformance suite of both eras against the fixture server and prints their totals;
 * `--json` prints one JSON object instead. Ends with 0 only when every check that we expect has passed.
 */
import { parseArgs } from "node:util";
import { ERAS, runEra, serveFixture } from "./conformance-run.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const print = (line: string) => process.stdout.write(`${line}\n`);

// An orderly exit takes the fixture server along.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const fixture = await serveFixture();
const eras = [];
try {
  for (const era of ERAS) {
    const result = await runEra(fixture.url, era, (scenario) => {
      process.stderr.write(`  ${era.revision} ${scenario}\n`);
    });
    const ok = result.passed === era.expected && result.failed === 0;
    eras.push({ ...result, expected: era.expected, ok });
    if (values.json) continue;
    print(`${result.revision}: ${result.passed} passed, ${result.failed} failed`);
    if (!ok) print(`  expected: ${era.expected} passed, 0 failed`);
    for (const { status, scenario, check, message } of result.complaints) {
      print(`  ${status} ${scenario} ${check}: ${message}`);
    }
  }
} finally {
  await fixture.close();
}

const ok = eras.every((era) => era.ok);
if (values.json) print(JSON.stringify({ ok, eras }));
if (!ok) process.exitCode = 1;
