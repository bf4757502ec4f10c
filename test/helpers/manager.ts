import { afterEach, beforeEach } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { sha256 } from "../../adapters/node/runtime.ts";
import { PluginManager, type PluginManagerDeps } from "../../src/core/plugin-manager.ts";
import type { RegisteredInstance } from "../../src/core/registry.ts";
import {
  createInProcessHost,
  createMemoryCredentials,
  type InstanceEntry,
  type PluginManifest,
} from "../../src/index.ts";
import type { MCPPlugin } from "../../src/types/plugin.ts";
import { createFakeTime } from "./fake-time.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { testPlugin, type TestPlugin } from "./plugins.ts";

export interface TestManagerOptions {
  /** What each instance's module exports: a plugin object, its class or a factory. */
  readonly plugins: Readonly<Record<string, unknown>>;
  readonly entries?: Readonly<Record<string, Partial<InstanceEntry>>>;
  readonly manifests?: Readonly<Record<string, Partial<PluginManifest>>>;
  readonly deps?: Partial<PluginManagerDeps>;
}

/** A manager over the in-process host, with a clock that stands still. */
export function createTestManager({
  plugins,
  entries = {},
  manifests = {},
  deps = {},
}: TestManagerOptions) {
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const manager = new PluginManager({
    registry: {
      instances: Object.keys(plugins).map((id) => toInstance(id, entries[id], manifests[id])),
      available: [],
    },
    hosts: {
      "in-process": createInProcessHost({
        importModule: async (entry) => ({ default: plugins[entry] }),
      }),
    },
    credentials: createMemoryCredentials(),
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
    toolNames: () => [...manager.catalog.tools.keys()],
  };
}

function toInstance(
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

export const NEVER = new Promise<never>(() => {});

/** Lets each test of a file fail that leaves a rejection unhandled, which would end a Node process. */
export function refuseUnhandledRejections(): void {
  let reasons: unknown[] = [];
  const listen = (reason: unknown) => void reasons.push(reason);
  beforeEach(() => {
    reasons = [];
    process.on("unhandledRejection", listen);
  });
  afterEach(async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    process.off("unhandledRejection", listen);
    if (reasons.length > 0) throw new AggregateError(reasons, "Rejections were left unhandled");
  });
}
