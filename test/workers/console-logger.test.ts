import { afterEach, describe, expect, it, vi } from "vitest";
import { createConsoleLogger } from "../../adapters/workers/console-logger.ts";
import { createScrubber } from "../../src/index.ts";

afterEach(() => void vi.restoreAllMocks());

describe("the Worker's logger", () => {
  it.each(["debug", "info", "warn", "error"] as const)("writes %s as one JSON line", (level) => {
    const write = vi.spyOn(console, level).mockReturnValue();
    createConsoleLogger().with({ plugin: "time" })[level]("Ticks", { count: 1 });
    expect(write).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({ level, message: "Ticks", plugin: "time", count: 1 }),
    );
  });

  it("takes known secrets out of a line, also out of what was bound", () => {
    const write = vi.spyOn(console, "info").mockReturnValue();
    const scrubber = createScrubber();
    scrubber.learn(new TextEncoder().encode('a "secret"'));
    createConsoleLogger((text) => scrubber.scrub(text))
      .with({ plugin: 'a "secret"' })
      .info('Of a "secret"', { list: ['a "secret"'] });
    expect(write).toHaveBeenCalledExactlyOnceWith(
      JSON.stringify({
        level: "info",
        message: "Of [redacted]",
        plugin: "[redacted]",
        list: ["[redacted]"],
      }),
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
