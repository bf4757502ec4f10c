import { afterEach, describe, expect, it, vi } from "vitest";
import { createConsoleLogger } from "../../adapters/workers/console-logger.ts";

afterEach(() => void vi.restoreAllMocks());

describe("the Worker's logger", () => {
  it.each(["debug", "info", "warn", "error"] as const)("writes %s as one JSON line", (level) => {
    const write = vi.spyOn(console, level).mockReturnValue();
    createConsoleLogger().with({ plugin: "time" })[level]("Ticks", { count: 1 });
    expect(write).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({ level, message: "Ticks", plugin: "time", count: 1 }),
    );
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  it.each([
    { what: "a cycle", fields: cycle },
    { what: "a BigInt", fields: { size: 1n } },
  ])("does not throw for fields with $what", ({ fields }) => {
    const write = vi.spyOn(console, "info").mockReturnValue();
    createConsoleLogger().info("Odd", fields);
    expect(write).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({ level: "info", message: "Odd", unwritable: true }),
    );
  });
});
