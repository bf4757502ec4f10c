import { inspect } from "node:util";
import { expect } from "vitest";

/** Looks everywhere: into stacks, causes and members that JSON leaves out. */
export function expectNone(secrets: readonly string[], said: unknown): void {
  const text = inspect(said, {
    depth: Infinity,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
    breakLength: Infinity,
    showHidden: true,
  });
  for (const secret of secrets) expect(text).not.toContain(secret);
}
