import { describe, expect, it } from "vitest";
import { readRegistry } from "../../src/core/registry.ts";
import { createMemoryInstances, type PluginDiscovery } from "../../src/index.ts";
import type { InstanceEntry } from "../../src/types/instances.ts";
import { createRecordingLogger } from "../helpers/logger.ts";

const pkg = (ref: string) => ({ ref, entry: `file:///plugins/${ref}`, manifest: null });

async function read(
  entries: Record<string, InstanceEntry>,
  found: Awaited<ReturnType<PluginDiscovery["discover"]>>,
  runAllIn: "worker" | null = null,
) {
  const logger = createRecordingLogger();
  const asked: string[][] = [];
  const registry = await readRegistry({
    entries,
    store: createMemoryInstances(),
    runAllIn,
    logger,
    discovery: {
      async discover(refs) {
        asked.push([...refs]);
        return found;
      },
    },
  });
  return { registry, asked, logs: logger.records };
}

describe("readRegistry", () => {
  it("joins instances with their packages, by id, and lists the packages that nobody uses", async () => {
    const { registry, asked } = await read(
      { work: { package: "./github" }, home: { package: "./github" }, clock: { package: "time" } },
      { packages: [pkg("./github"), pkg("time"), pkg("./unused")], errors: [] },
    );
    expect(
      registry.instances.map(({ settings, package: code }) => [settings.id, code?.ref]),
    ).toEqual([
      ["clock", "time"],
      ["home", "./github"],
      ["work", "./github"],
    ]);
    expect(registry.instances.map(({ error }) => error)).toEqual([null, null, null]);
    expect(registry.available.map(({ ref }) => ref)).toEqual(["./unused"]);
    expect(asked).toEqual([["time", "./github", "./github"]]);
  });

  it("lets every instance run where the server says, when it says so", async () => {
    const entries = { a: { package: "./a" }, b: { package: "./a", host: "in-process" } } as const;
    const found = { packages: [pkg("./a")], errors: [] };
    const hostsOf = async (runAllIn: "worker" | null) =>
      (await read(entries, found, runAllIn)).registry.instances.map(
        ({ settings }) => settings.host,
      );
    expect(await hostsOf("worker")).toEqual(["worker", "worker"]);
    expect(await hostsOf(null)).toEqual(["in-process", "in-process"]);
  });

  it("keeps an instance whose package is missing or unreadable, with the reason", async () => {
    const { registry, logs } = await read(
      { gone: { package: "./gone" }, bad: { package: "./bad" } },
      { packages: [], errors: [{ ref: "./bad", reason: "Its package.json is not JSON." }] },
    );
    expect(registry.instances.map(({ settings, error }) => [settings.id, error])).toEqual([
      ["bad", "Its package.json is not JSON."],
      ["gone", 'Package "./gone" was not found.'],
    ]);
    expect(logs).toEqual([]);
  });

  it("logs a broken folder that no instance uses", async () => {
    const { logs } = await read({}, { packages: [], errors: [{ ref: "./bad", reason: "No." }] });
    expect(logs).toEqual([
      {
        level: "warn",
        message: "Skipped a plugin folder",
        fields: { package: "./bad", reason: "No." },
      },
    ]);
  });
});
