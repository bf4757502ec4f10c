#!/usr/bin/env node
/**
 * The command `mcp-plugin-server`, and the only reader of `process.env`. The version is checked before anything else is
 * loaded, because the database's native module crashes an older Node without a word.
 */
const MINIMUM = [22, 19] as const;
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  process.stderr.write(
    `mcp-plugin-server needs Node ${MINIMUM.join(".")} or newer; this is ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
} else {
  const { run } = await import("./cli/program.ts");
  await run(process.argv.slice(2), process.env);
}
