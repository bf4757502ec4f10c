import type {
  CallOutcome,
  HostCall,
  HostedPlugin,
  HostServices,
  PluginHost,
} from "../../../src/types/host.ts";
import type { CallInput } from "../../../src/types/plugin.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

/** The modules that a driver must be able to load, in test/fixtures/plugins/contract. */
export type ContractModule = "index" | "factory" | "throws" | "broken" | "no-plugin" | "missing";

export interface ContractHost {
  readonly host: PluginHost;
  /** The driver's `entry` for a module. */
  entryOf(module: ContractModule): string;
  close?(): Promise<void>;
}

export interface LoadOptions {
  readonly module?: ContractModule;
  readonly instanceId?: string;
  readonly config?: Record<string, unknown>;
  readonly services?: Partial<HostServices>;
}

export interface Harness {
  readonly open: () => Promise<ContractHost>;
  /** Loads a module and hands it to `use`; lets go of it afterwards, whatever happened. */
  readonly withPlugin: Use;
  /** The same with a plugin that has been started. */
  readonly withRunning: Use;
}

type Use = <T>(use: (test: LoadedPlugin) => Promise<T>, options?: LoadOptions) => Promise<T>;

export type LoadedPlugin = { readonly plugin: HostedPlugin } & ReturnType<typeof createServices> &
  ReturnType<typeof createCaller>;

export function createHarness(open: () => Promise<ContractHost>): Harness {
  const withPlugin: Use = async (use, options = {}) => {
    const { module = "index", instanceId = "one" } = options;
    const opened = await open();
    const record = createServices(options.services);
    try {
      const source = { instanceId, entry: opened.entryOf(module) };
      const plugin = await opened.host.load(source, record.services);
      try {
        return await use({ plugin, ...record, ...createCaller(plugin) });
      } finally {
        await plugin.cleanup();
      }
    } finally {
      await opened.close?.();
    }
  };
  return {
    open,
    withPlugin,
    withRunning: (use, options = {}) =>
      withPlugin(async (test) => {
        await test.plugin.initialize(options.config ?? {});
        await test.plugin.start();
        return use(test);
      }, options),
  };
}

/** What comes with every call. */
export const FRAME = {
  requestId: "request-1",
  principal: { kind: "client", id: "client-1", scopes: ["mcp"] },
  client: {
    protocolVersion: "2026-07-28",
    name: "test",
    version: null,
    capabilities: { elicitation: {} },
  },
} as const;

/** The server's side of a plugin, and what the plugin has asked of it. */
export function createServices(overrides: Partial<HostServices> = {}) {
  const logger = createRecordingLogger();
  const credentials = new Map<string, string>();
  const notices: string[] = [];
  const notConnected = async () => {
    throw new Error("No account is connected.");
  };
  const services: HostServices = {
    logger,
    getCredential: async (key) => credentials.get(key) ?? null,
    setCredential: async (key, value) => void credentials.set(key, value),
    signJwt: async (request) => `signed ${JSON.stringify(request)}`,
    getAccessToken: notConnected,
    isAuthenticated: async () => false,
    getTokenInfo: async () => null,
    requireReauth: notConnected,
    fetch: async () => {
      throw new Error("This test's server reaches nothing.");
    },
    changed: (list) => void notices.push(list),
    resourceUpdated: (uri) => void notices.push(uri),
    ...overrides,
  };
  return { services, credentials, notices, logs: logger.records };
}

type CallTarget = HostCall extends infer Call
  ? Call extends HostCall
    ? Omit<Call, keyof typeof FRAME | "input">
    : never
  : never;

export function createCaller(plugin: HostedPlugin) {
  const controller = new AbortController();
  const events: unknown[] = [];
  const call = (target: CallTarget, input: CallInput | null = null): Promise<CallOutcome> =>
    plugin.call(
      { ...FRAME, ...target, input },
      {
        signal: controller.signal,
        progress: (...args) =>
          void events.push(["progress", ...args.filter((arg) => arg !== undefined)]),
        log: (...args) => void events.push(["log", ...args]),
        closeStream: () => void events.push(["closeStream"]),
      },
    );
  /** The value of a tool that succeeds. */
  const callTool = async (
    name: string,
    args: Record<string, unknown> = {},
    input: CallInput | null = null,
  ): Promise<unknown> => {
    const outcome = await call({ kind: "tool", name, args }, input);
    if (outcome.kind !== "result") throw new Error(`The tool ended with ${outcome.kind}`);
    return asJson(outcome.value);
  };
  return { call, callTool, events, abort: () => controller.abort() };
}

export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
