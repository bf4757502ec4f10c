import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { PluginAdmin } from "../../src/core/plugin-admin.ts";
import { readRegistry } from "../../src/core/registry.ts";
import { RegistryUpdates } from "../../src/core/registry-updates.ts";
import { ToolAdmin } from "../../src/core/tool-admin.ts";
import {
  createMemoryInstances,
  createMemoryToolSettings,
  type InstanceEntry,
  type InstanceStore,
  type PluginDiscovery,
} from "../../src/index.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { createPlugin, createTestManager, NEVER, version } from "../helpers/manager.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";

refuseUnhandledRejections();

interface Options {
  readonly plugins: Readonly<Record<string, unknown>>;
  readonly entries: Readonly<Record<string, InstanceEntry>>;
  readonly instances?: InstanceStore;
  readonly discovery?: PluginDiscovery;
  readonly deleteSecrets?: (instanceId: string) => Promise<void>;
}

/** The administration over a manager whose clock stands still. */
async function open({ plugins, entries, ...options }: Options) {
  const instances = options.instances ?? createMemoryInstances();
  const discovery: PluginDiscovery = options.discovery ?? {
    discover: async () => ({
      packages: Object.keys(plugins).map((id) => ({ ref: `./${id}`, entry: id, manifest: null })),
      errors: [],
    }),
  };
  const logger = createRecordingLogger();
  const read = (wanted: Options["entries"]) =>
    readRegistry({ entries: wanted, store: instances, discovery, runAllIn: null, logger });
  const test = createTestManager({
    plugins,
    overlaps: true,
    deps: { registry: await read(entries) },
  });
  const { manager, time } = test;
  const updates = new RegistryUpdates({ entries, read, take: (next) => manager.update(next) });
  const tools = new ToolAdmin({
    manager,
    store: createMemoryToolSettings(),
    isNamedByKeys: () => false,
  });
  const admin = new PluginAdmin({
    manager,
    updates,
    instances,
    tools,
    discovery,
    hosts: ["in-process"],
    deleteSecrets: options.deleteSecrets ?? (async () => {}),
    holdsSecrets: async () => false,
    engine: createAjvEngine(),
    time,
  });
  await manager.start();
  return { ...test, admin, updates, instances };
}

const ACTOR = { actor: "user:a", requestId: null };

describe("a change of a plugin", () => {
  it("waits ten seconds for one that does not come up, which goes on by itself", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = () => createPlugin("slow", { initialize: () => gate.promise });
    const entries = { slow: { package: "./slow", enabled: false } };
    const { admin, time, states } = await open({ plugins: { slow }, entries });
    let isAnswered = false;
    const enabling = admin.setEnabled("slow", true).then(() => (isAnswered = true));
    await time.advance(9_999);
    expect(isAnswered).toBe(false);
    await time.advance(1);
    await enabling;
    expect(states()).toEqual({ slow: "initializing" });
    gate.resolve();
    await time.advance(0);
    expect(states()).toEqual({ slow: "running" });
  });

  it("is not held up by another plugin that does not come up", async () => {
    const stuck = () => createPlugin("stuck", { initialize: () => NEVER });
    const entries = {
      stuck: { package: "./stuck", enabled: false },
      good: { package: "./good", enabled: false },
    };
    const plugins = { stuck, good: () => createPlugin("good") };
    const { admin, states } = await open({ plugins, entries });
    const enabling = admin.setEnabled("stuck", true);
    await admin.setEnabled("good", true);
    expect(states()).toMatchObject({ good: "running" });
    void enabling;
  });

  it("and a reload of it at once end with what was set last", async () => {
    const entries = { demo: { package: "./demo" } };
    const { admin, states, toolNames, manager } = await open({
      plugins: { demo: version("1.0.0") },
      entries,
    });
    await Promise.all([
      admin.reload("demo"),
      admin.setConfig("demo", { toolPrefix: "other" }),
      admin.reload("demo"),
      manager.reload("demo"),
    ]);
    expect(states()).toEqual({ demo: "running" });
    expect(toolNames()).toEqual(["other_echo"]);
  });

  it("that somebody else has come before is refused, and changes nothing", async () => {
    const memory = createMemoryInstances();
    const entries = { demo: { package: "./demo" } };
    const instances: InstanceStore = {
      ...memory,
      async put(id, changes, expected) {
        // Another process, between this one's reading and its writing.
        if (expected === null) await memory.put(id, { toolPrefix: "theirs" }, null);
        return memory.put(id, changes, expected);
      },
    };
    const { admin, states } = await open({
      plugins: { demo: version("1.0.0") },
      entries,
      instances,
    });
    await expect(admin.setEnabled("demo", false)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await memory.list()).toMatchObject([{ enabled: null, toolPrefix: "theirs" }]);
    expect(states()).toEqual({ demo: "running" });
    await expect(admin.setEnabled("demo", false, [0])).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
    });
    await admin.setEnabled("demo", false, [(await memory.list())[0]!.rev]);
    expect(states()).toEqual({ demo: "stopped" });
  });

  it("that cannot be stored leaves what runs as it is", async () => {
    const entries = { demo: { package: "./demo" } };
    const instances = {
      ...createMemoryInstances(),
      put: () => Promise.reject(new Error("disk full")),
    };
    const { admin, states } = await open({
      plugins: { demo: version("1.0.0") },
      entries,
      instances,
    });
    await expect(admin.setEnabled("demo", false)).rejects.toThrow("disk full");
    expect(states()).toEqual({ demo: "running" });
  });
});

describe("the removal of a plugin", () => {
  const entries = { demo: { package: "./demo" } };
  const plugins = { demo: version("1.0.0") };

  it("deletes its secrets first, and lets it be when that fails", async () => {
    let isBroken = true;
    const deleted: string[] = [];
    const { admin, states, instances } = await open({
      plugins,
      entries,
      async deleteSecrets(id) {
        if (isBroken) throw new Error("vault down");
        deleted.push(id);
      },
    });
    await expect(admin.remove("demo", ACTOR)).rejects.toThrow("vault down");
    expect(states()).toEqual({ demo: "running" });
    expect(await instances.list()).toEqual([]);
    isBroken = false;
    await admin.remove("demo", ACTOR);
    // And once more what came at its end.
    expect([deleted, states()]).toEqual([["demo", "demo"], {}]);
  });

  it("deletes no secrets of one that has changed since it was read", async () => {
    const deleted: string[] = [];
    const deleteSecrets = async (id: string) => void deleted.push(id);
    const { admin } = await open({ plugins, entries, deleteSecrets });
    await expect(admin.remove("demo", ACTOR, [3])).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
    });
    expect(deleted).toEqual([]);
  });
});

describe("a new plugin", () => {
  const plugins = { demo: version("1.0.0") };
  const npm = (manifest: { apiVersion: 1; entry: string } | null): PluginDiscovery => ({
    discover: async (refs) => ({
      packages: refs.includes("mcp-demo") ? [{ ref: "mcp-demo", entry: "demo", manifest }] : [],
      errors: [],
    }),
  });

  it("may be of an installed npm package that says that it is one", async () => {
    const discovery = npm({ apiVersion: 1, entry: "./index.js" });
    const { admin, states } = await open({ plugins, entries: {}, discovery });
    await admin.create({ id: "one", package: "mcp-demo" }, true);
    expect(states()).toEqual({ one: "running" });
  });

  it("may be of a folder that came since the server started, with a manifest or without", async () => {
    let packages: Awaited<ReturnType<PluginDiscovery["discover"]>>["packages"] = [];
    const discovery: PluginDiscovery = { discover: async () => ({ packages, errors: [] }) };
    const { admin, states } = await open({ plugins, entries: {}, discovery });
    packages = [{ ref: "./demo", entry: "demo", manifest: null }];
    await admin.create({ id: "one", package: "./demo" }, true);
    expect(states()).toEqual({ one: "running" });
  });

  it("is none of any other package that is installed", async () => {
    const { admin, instances } = await open({ plugins, entries: {}, discovery: npm(null) });
    await expect(admin.create({ id: "one", package: "mcp-demo" }, true)).rejects.toMatchObject({
      code: "BODY_INVALID",
    });
    expect(await instances.list()).toEqual([]);
  });
});

describe("updates of the registry", () => {
  it("are taken over in the order in which they were asked for, whichever is read first", async () => {
    const delays = [30, 0, 10];
    const taken: string[] = [];
    const updates = new RegistryUpdates({
      entries: {},
      async read(entries) {
        await new Promise((resolve) => void setTimeout(resolve, delays.shift()));
        const [id = ""] = Object.keys(entries);
        return { instances: [], available: [{ ref: id, entry: id, manifest: null }] };
      },
      take: async ({ available }) => void taken.push(available[0]!.ref),
    });
    const entry = { package: "./a" };
    await Promise.all(["a", "b", "c"].map((id) => updates.apply({ [id]: entry })));
    expect(taken).toEqual(["a", "b", "c"]);
    await updates.apply();
    expect(taken).toEqual(["a", "b", "c", "c"]);
  });

  it("that cannot be read change nothing, and hold up none after them", async () => {
    let reads = 0;
    const updates = new RegistryUpdates({
      entries: {},
      async read() {
        if (reads++ === 0) throw new Error("no database");
        return { instances: [], available: [] };
      },
      take: async () => {},
    });
    await expect(updates.apply({ a: { package: "./a" } })).rejects.toThrow("no database");
    expect(updates.entries).toEqual({});
    await updates.apply({ b: { package: "./b" } });
    expect(updates.entries).toEqual({ b: { package: "./b" } });
  });
});
