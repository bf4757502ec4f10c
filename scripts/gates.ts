import { spawnSync } from "node:child_process";

/** What must hold besides the tests. Each runs one tool over the whole repository. */
export interface Gate {
  readonly name: string;
  readonly args: readonly string[];
}

const SOURCES = ["src", "adapters", "plugins", "drizzle", "scripts", "bench", "test"];

export const GATES: readonly Gate[] = [
  { name: "format", args: ["node_modules/oxfmt/bin/oxfmt", "--check", "."] },
  { name: "types", args: ["node_modules/typescript/bin/tsc", "-b"] },
  { name: "lint", args: ["node_modules/oxlint/bin/oxlint", "--type-aware", ...SOURCES] },
  { name: "unused code", args: ["node_modules/knip/bin/knip.js"] },
];

/** Runs a gate; its output is shown only when it fails. */
export function runGate({ name, args }: Gate): boolean {
  const started = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const passed = status === 0;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${passed ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  if (!passed) process.stdout.write(`${stdout}${stderr}\n`);
  return passed;
}
