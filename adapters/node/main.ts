#!/usr/bin/env node
/**
 * The command `mcp-plugin-server`, and the only reader of `process.env`. The version is checked before anything else is
 * loaded, because the database's native module crashes an older Node without a word.
 */
import { nodeProblem } from "./node-version.ts";

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  const { run } = await import("./cli/program.ts");
  process.exitCode = await run(process.argv.slice(2), process.env);
} else {
  process.stderr.write(`mcp-plugin-server: ${problem}\n`);
  process.exitCode = 2;
}
