import { GATES, runGate } from "./gates.ts";

/** `npm run check`: format, types, lint and unused code, without the tests. */
const results = GATES.map(runGate);
process.exitCode = results.includes(false) ? 1 : 0;
