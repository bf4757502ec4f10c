import { describe, expect, it } from "vitest";
import { ToolOverrides } from "../../src/core/tool-overrides.ts";
import { createPlugin, createTestManager } from "../helpers/manager.ts";

const setting = { instanceId: "a", tool: "echo", enabled: true, name: null, description: null };

async function offer() {
  const { manager } = createTestManager({ plugins: { a: () => createPlugin("a") } });
  await manager.start();
  return manager.find("a")!.offer!;
}

describe("what is laid over an offer", () => {
  it("is made once, and again only when something else was set", async () => {
    const offered = await offer();
    const overrides = new ToolOverrides();
    expect(overrides.apply(offered)).toBe(offered);
    overrides.replace([{ ...setting, name: "called", rev: 1 }]);
    const made = overrides.apply(offered);
    expect(made.tools.map(({ name, definition }) => [name, definition.name])).toEqual([
      ["called", "called"],
    ]);
    expect(overrides.apply(offered)).toBe(made);
    overrides.replace([{ ...setting, name: "called", rev: 2 }]);
    expect(overrides.apply(offered)).toBe(made);
    overrides.replace([{ ...setting, name: "otherwise", rev: 3 }]);
    expect(overrides.apply(offered)).not.toBe(made);
    overrides.replace([]);
    expect(overrides.apply(offered)).toBe(offered);
  });

  it("does not change the offer itself", async () => {
    const offered = await offer();
    const before = JSON.stringify(offered.tools);
    const overrides = new ToolOverrides();
    overrides.replace([{ ...setting, enabled: false, description: "Other.", rev: 1 }]);
    expect(overrides.apply(offered).tools).toEqual([]);
    expect(JSON.stringify(offered.tools)).toBe(before);
  });
});
