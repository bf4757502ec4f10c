import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { sha256 } from "../../adapters/node/runtime.ts";
import { PluginManager, type PluginManagerDeps } from "../../src/core/plugin-manager.ts";
import type { RegisteredInstance } from "../../src/core/registry.ts";
import {
  createInProcessHost,
  createScrubber,
  type InstanceEntry,
  type PluginManifest,
} from "../../src/index.ts";
import type { HostCall, PluginHost } from "../../src/types/host.ts";
import type { MCPPlugin } from "../../src/types/plugin.ts";
import { createFakeTime } from "./fake-time.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { testPlugin, type TestPlugin } from "./plugins.ts";
import { NO_ACCOUNTS } from "./no-accounts.ts";
import { createPlainVault } from "./plain-vault.ts";
import { NO_OUTBOUND } from "./no-outbound.ts";

export interface TestManagerOptions {
  /** What each instance's module exports: a plugin object, its class or a factory. */
  readonly plugins: Readonly<Record<string, unknown>>;
  readonly entries?: Readonly<Record<string, Partial<InstanceEntry>>>;
  readonly manifests?: Readonly<Record<string, Partial<PluginManifest>>>;
  readonly deps?: Partial<PluginManagerDeps>;
  /** Whether the host lets two lives of an instance overlap, as a worker does. */
  readonly overlaps?: boolean;
}

/** A manager over the in-process host, with a clock that stands still. */
export function createTestManager({
  plugins,
  entries = {},
  manifests = {},
  deps = {},
  overlaps = false,
}: TestManagerOptions) {
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const inProcess = createInProcessHost({
    importModule: async (entry) => ({ default: plugins[entry] }),
  });
  /** By instance, what ends its latest life from outside, as when its thread dies. */
  const ends = new Map<string, (reason: Error) => void>();
  const host: PluginHost = {
    ...inProcess,
    overlaps,
    async load(source, services) {
      const ended = Promise.withResolvers<Error>();
      ends.set(source.instanceId, ended.resolve);
      return { ...(await inProcess.load(source, services)), ended: ended.promise };
    },
  };
  const manager = new PluginManager({
    scrubber: createScrubber(),
    registry: {
      instances: Object.keys(plugins).map((id) => toInstance(id, entries[id], manifests[id])),
      available: [],
    },
    hosts: { "in-process": host },
    vault: createPlainVault(),
    accounts: NO_ACCOUNTS,
    outbound: NO_OUTBOUND,
    engine: createAjvEngine(),
    sha256,
    time,
    logger,
    ...deps,
  });
  return {
    manager,
    time,
    logs: logger.records as readonly LogRecord[],
    statusOf: (id: string) => manager.statuses().find((status) => status.id === id)!,
    /** The states of all instances, by id. */
    states: () => Object.fromEntries(manager.statuses().map(({ id, state }) => [id, state])),
    end: (id: string, reason = "It called process.exit(1).") => ends.get(id)!(new Error(reason)),
    /** The same for the life that is the latest now, whichever will be by then. */
    endOf: (id: string) => ends.get(id)!,
    toolNames: () => [...manager.catalog.tools.keys()],
  };
}

export function toInstance(
  id: string,
  entry: Partial<InstanceEntry> = {},
  manifest?: Partial<PluginManifest>,
): RegisteredInstance {
  return {
    settings: {
      id,
      package: `./${id}`,
      enabled: entry.enabled ?? true,
      toolPrefix: entry.toolPrefix ?? id,
      host: entry.host ?? "in-process",
      config: entry.config ?? {},
      oauth: entry.oauth ?? {},
      locked: false,
    },
    package: {
      ref: `./${id}`,
      entry: id,
      manifest: manifest ? { apiVersion: 1, entry: "./index.js", ...manifest } : null,
    },
    error: null,
  };
}

/** A plugin with one tool, `echo`, that answers its arguments. */
export function createPlugin(name: string, members: Partial<MCPPlugin> = {}): TestPlugin {
  return testPlugin({ name, tools: { echo: (args) => args as unknown }, ...members });
}

/** A plugin that writes each step of its life into `steps`, as `name.step`. */
export function createTracedPlugin(
  name: string,
  steps: string[],
  members: Partial<MCPPlugin> = {},
): TestPlugin {
  const traced =
    <A extends unknown[]>(step: string, work?: (...args: A) => Promise<void>) =>
    async (...args: A) => {
      steps.push(`${name}.${step}`);
      await work?.(...args);
    };
  return createPlugin(name, {
    ...members,
    initialize: traced("initialize", members.initialize),
    start: traced("start", members.start),
    stop: traced("stop", members.stop),
    cleanup: traced("cleanup", members.cleanup),
  });
}

/** A call of a tool, as it comes to a run. */
export function toolCall(name = "echo"): HostCall {
  return {
    kind: "tool",
    name,
    args: {},
    requestId: "r1",
    principal: { kind: "client", id: "c", scopes: [] },
    client: { protocolVersion: "2026-07-28", name: null, version: null, capabilities: {} },
    input: null,
  };
}

/** Calls a tool as the catalog has it now, and answers the result's value. */
export async function callTool(manager: PluginManager, name: string): Promise<unknown> {
  const { run } = manager.catalog.tools.get(name)!;
  const outcome = await run.call(toolCall(), 60_000, { signal: null });
  return outcome.kind === "result" ? outcome.value : outcome;
}

/** A factory, so that each life has an object of its own, whose tool answers its version. */
export function version(text: string, members: Partial<MCPPlugin> = {}): () => TestPlugin {
  return () => createPlugin("demo", { version: text, executeTool: async () => text, ...members });
}

export const NEVER = new Promise<never>(() => {});
