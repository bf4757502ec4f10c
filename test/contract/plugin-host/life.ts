import { describe, expect, it, vi } from "vitest";
import type { Harness, LoadedPlugin } from "./harness.ts";

const STEPS = ["initialize", "start", "stop", "cleanup"] as const;

const stepsOf = ({ logs }: LoadedPlugin) =>
  logs.map(({ message, fields }) => `${message} ${String(fields["step"])}`);

export function lifeContract({ withPlugin, withRunning }: Harness): void {
  describe("the life", () => {
    it("runs each step to its end before it answers", () =>
      withPlugin(async (test) => {
        const { plugin } = test;
        await plugin.initialize({});
        await plugin.start();
        await plugin.stop();
        await plugin.cleanup();
        expect(stepsOf(test)).toEqual([
          "begins initialize",
          "ends initialize",
          "begins start",
          "ends start",
          "begins stop",
          "ends stop",
          "begins cleanup",
          "ends cleanup",
        ]);
      }));

    it("hands the settings over as they are", () => {
      const config = { greeting: "hällo", list: [1, null, { deep: true }], "": "" };
      return withRunning(
        async ({ callTool }) => {
          expect(await callTool("context")).toEqual({ pluginId: "one", config });
        },
        { config },
      );
    });

    it.each(STEPS)("rejects with the plugin's message when %s fails", (step) =>
      withPlugin(async ({ plugin }) => {
        const run = (name: (typeof STEPS)[number]) =>
          name === "initialize" ? plugin.initialize({ failAt: step }) : plugin[name]();
        for (const before of STEPS.slice(0, STEPS.indexOf(step))) await run(before);
        await expect(run(step)).rejects.toThrow(`failed to ${step}`);
      }),
    );

    it("has not ended unasked when it was cleaned up, and cleaning up again does nothing", () =>
      withPlugin(async (test) => {
        const { plugin } = test;
        await plugin.initialize({});
        await plugin.cleanup();
        await plugin.cleanup();
        const later = new Promise((resolve) => void setTimeout(resolve, 20, "nobody was told"));
        expect(await Promise.race([plugin.ended, later])).toBe("nobody was told");
        expect(stepsOf(test).slice(2)).toEqual(["begins cleanup", "ends cleanup"]);
      }));

    it("runs nothing of the plugin's when it is cleaned up before it began", () =>
      withPlugin(async (test) => {
        await test.plugin.cleanup();
        expect(stepsOf(test)).toEqual([]);
      }));

    it("does not stop what was never started", () =>
      withPlugin(async (test) => {
        await test.plugin.initialize({});
        await test.plugin.stop();
        await test.plugin.cleanup();
        expect(stepsOf(test)).toEqual([
          "begins initialize",
          "ends initialize",
          "begins cleanup",
          "ends cleanup",
        ]);
      }));

    it("does not stop what failed to start", () =>
      withPlugin(async (test) => {
        await test.plugin.initialize({ failAt: "start" });
        await expect(test.plugin.start()).rejects.toThrow("failed to start");
        await test.plugin.stop();
        expect(stepsOf(test)).not.toContain("begins stop");
      }));

    it("does not let a stop that goes on delay the cleanup", () =>
      withPlugin(async (test) => {
        const { plugin } = test;
        await plugin.initialize({ slowAt: "stop", slowMs: 150 });
        await plugin.start();
        const stopping = plugin.stop();
        await vi.waitFor(() => expect(stepsOf(test)).toContain("begins stop"));
        await plugin.cleanup();
        await stopping;
        expect(stepsOf(test).slice(4)).toEqual([
          "begins stop",
          "begins cleanup",
          "ends cleanup",
          "ends stop",
        ]);
      }));

    it("never runs two other steps at once, even when asked to", () =>
      withPlugin(async (test) => {
        const { plugin } = test;
        await plugin.initialize({ slowAt: "start", slowMs: 30 });
        await Promise.all([plugin.start(), plugin.stop(), plugin.cleanup()]);
        expect(stepsOf(test).slice(2)).toEqual([
          "begins start",
          "ends start",
          "begins stop",
          "ends stop",
          "begins cleanup",
          "ends cleanup",
        ]);
      }));

    it("does without start and stop", () =>
      withRunning(
        async ({ plugin, callTool }) => {
          expect(await callTool("greet")).toBe("hi");
          await plugin.stop();
        },
        { module: "factory", config: { greeting: "hi" } },
      ));
  });
}
