import { describe, expect, it } from "vitest";
import type { InstanceStore, ToolSetting, ToolSettingsStore } from "../../src/types/instances.ts";

export interface InstanceStores {
  readonly instances: InstanceStore;
  readonly tools: ToolSettingsStore;
}

const NOTHING = {
  package: null,
  enabled: null,
  toolPrefix: null,
  host: null,
  config: null,
  oauth: null,
  removed: false,
};

const REV: unknown = expect.any(Number);

/** Of the first row. */
const revOf = async (store: { list(): Promise<readonly { readonly rev: number }[]> }) =>
  (await store.list())[0]!.rev;

const setting = (fields: Partial<ToolSetting> = {}): Omit<ToolSetting, "rev"> => ({
  instanceId: "one",
  tool: "read",
  enabled: true,
  name: null,
  description: null,
  ...fields,
});

/** What every driver of the two stores of settings does. */
export function instanceStoreContract(driver: string, open: () => Promise<InstanceStores>): void {
  describe(`settings of instances in ${driver}`, () => {
    it("are given back as they were put, in order, with null for what was not", async () => {
      const { instances } = await open();
      expect(await instances.list()).toEqual([]);
      const config = { org: "Zoë", list: [1, null], nested: { "": false } };
      const oauth = { clientId: "c", registration: "dynamic" } as const;
      const all = { package: "./b", enabled: false, toolPrefix: "", host: "worker" } as const;
      expect(await instances.put("b", { ...all, config, oauth }, null)).toBe(true);
      expect(await instances.put("a", { removed: true }, null)).toBe(true);
      expect(await instances.list()).toEqual([
        { ...NOTHING, id: "a", removed: true, rev: REV },
        { ...NOTHING, id: "b", ...all, config, oauth, rev: REV },
      ]);
    });

    it("change field by field, and null takes one back", async () => {
      const { instances } = await open();
      await instances.put("a", { package: "./a", config: { a: 1 }, toolPrefix: "p" }, null);
      const rev = await revOf(instances);
      expect(await instances.put("a", { enabled: false, config: null }, rev)).toBe(true);
      expect(await instances.put("a", { removed: true }, await revOf(instances))).toBe(true);
      expect(await instances.list()).toEqual([
        {
          ...NOTHING,
          id: "a",
          package: "./a",
          enabled: false,
          toolPrefix: "p",
          removed: true,
          rev: REV,
        },
      ]);
    });

    it("change only from the revision that they have", async () => {
      const { instances } = await open();
      expect(await instances.put("a", { enabled: true }, 1)).toBe(false);
      expect(await instances.list()).toEqual([]);
      expect(await instances.put("a", { enabled: true }, null)).toBe(true);
      expect(await instances.put("a", { enabled: false }, null)).toBe(false);
      const rev = await revOf(instances);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          instances.put("a", { toolPrefix: `${index}` }, rev),
        ),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await instances.list()).toEqual([
        { ...NOTHING, id: "a", enabled: true, toolPrefix: `${answers.indexOf(true)}`, rev: REV },
      ]);
    });

    it("are removed once, and from the revision that they have", async () => {
      const { instances } = await open();
      await instances.put("a", { enabled: true }, null);
      await instances.put("b", { enabled: true }, null);
      const rev = await revOf(instances);
      expect(await instances.remove("a", rev + 1)).toBe(false);
      expect(await instances.remove("nobody", rev)).toBe(false);
      expect(await instances.remove("a", rev)).toBe(true);
      expect(await instances.remove("a", rev)).toBe(false);
      expect((await instances.list()).map(({ id }) => id)).toEqual(["b"]);
    });

    it("have another revision when they are made again", async () => {
      const { instances } = await open();
      await instances.put("a", { enabled: true }, null);
      const rev = await revOf(instances);
      await instances.remove("a", rev);
      await instances.put("a", { enabled: true }, null);
      expect(await revOf(instances)).not.toBe(rev);
      expect(await instances.put("a", { enabled: false }, rev)).toBe(false);
    });
  });

  describe(`settings of tools in ${driver}`, () => {
    it("are given back as they were put, in order", async () => {
      const { tools } = await open();
      expect(await tools.list()).toEqual([]);
      const said = { name: "lies", description: "Liest – all of it." };
      expect(await tools.put(setting({ tool: "write", enabled: false }), null)).toBe(true);
      expect(await tools.put(setting(said), null)).toBe(true);
      expect(await tools.put(setting({ instanceId: "a" }), null)).toBe(true);
      expect(await tools.list()).toEqual([
        { ...setting({ instanceId: "a" }), rev: REV },
        { ...setting(said), rev: REV },
        { ...setting({ tool: "write", enabled: false }), rev: REV },
      ]);
    });

    it("change only from the revision that they have", async () => {
      const { tools } = await open();
      expect(await tools.put(setting(), 1)).toBe(false);
      expect(await tools.put(setting(), null)).toBe(true);
      expect(await tools.put(setting({ name: "late" }), null)).toBe(false);
      const rev = await revOf(tools);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => tools.put(setting({ name: `n${index}` }), rev)),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await tools.list()).toEqual([
        { ...setting({ name: `n${answers.indexOf(true)}` }), rev: REV },
      ]);
    });

    it("are forgotten with their instance, and those of others are not", async () => {
      const { tools } = await open();
      await tools.put(setting(), null);
      await tools.put(setting({ tool: "write" }), null);
      await tools.put(setting({ instanceId: "two" }), null);
      await tools.removeAll("one");
      await tools.removeAll("nobody");
      expect(await tools.list()).toEqual([{ ...setting({ instanceId: "two" }), rev: REV }]);
    });
  });
}
