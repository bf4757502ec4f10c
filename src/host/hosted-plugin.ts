import { AppError, stackOf } from "../errors.ts";
import type { JwtRequest } from "../types/auth.ts";
import type {
  CallEvents,
  CallOutcome,
  CatalogFault,
  HostCall,
  HostedPlugin,
  HostServices,
  PluginCatalog,
} from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type {
  CallContext,
  FetchInit,
  InputRequired,
  MCPPlugin,
  PluginContext,
  Resource,
} from "../types/plugin.ts";
import { guardListeners } from "./guarded-signal.ts";

/**
 * Drives one plugin object: the plugin's side of every host driver. What differs between drivers is only how the
 * messages travel.
 */
export function hostPlugin(
  plugin: MCPPlugin,
  instanceId: string,
  services: HostServices,
): HostedPlugin {
  const life = createLife(plugin, (config) => createContext(instanceId, config, services));
  return {
    info: {
      name: plugin.name,
      version: plugin.version,
      description: plugin.description,
      dependencies: plugin.dependencies ?? [],
      configSchema: plugin.configSchema ?? null,
      auth: plugin.auth ?? null,
    },
    // It ends with the server's own thread, and then there is nobody to tell.
    ended: new Promise(() => {}),
    initialize: life.initialize,
    start: life.start,
    stop: life.stop,
    cleanup: life.cleanup,
    // What it lists else may need what it gets with `initialize`.
    catalog: () => readCatalog(life.isBegun() ? plugin : { getTools: () => plugin.getTools() }),
    async call(call, events) {
      try {
        return toOutcome(
          await dispatch(plugin, call, createCallContext(call, events, services.logger)),
        );
      } catch (error) {
        const refusal = asToolError(error);
        if (refusal === null) throw error;
        return refusal;
      }
    },
  };
}

/**
 * The plugin's own steps do not overlap: one that has outlived its time limit delays the next until it ends, so that
 * what a late `initialize` or `start` still takes is let go of. Only a `stop` that does not end delays no `cleanup`.
 *
 * What was not begun is not undone: without an `initialize`, `cleanup` runs nothing of the plugin's, and without a
 * `start` that succeeded, neither does `stop`.
 */
function createLife(
  plugin: MCPPlugin,
  contextOf: (config: unknown) => PluginContext,
): Pick<HostedPlugin, "initialize" | "start" | "stop" | "cleanup"> & { isBegun(): boolean } {
  let last: Promise<void> = Promise.resolve();
  let begun = false;
  let started = false;
  let isStopping = false;
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const done = last.then(step);
    last = done.catch(() => {});
    return done;
  };
  return {
    isBegun: () => begun,
    initialize: (config) =>
      inTurn(async () => {
        begun = true;
        await plugin.initialize(contextOf(config));
      }),
    start: () =>
      inTurn(async () => {
        await plugin.start?.();
        started = true;
      }),
    stop: () =>
      inTurn(async () => {
        if (!started) return;
        started = false;
        isStopping = true;
        try {
          await plugin.stop?.();
        } finally {
          isStopping = false;
        }
      }),
    async cleanup() {
      const cleanUp = async () => {
        if (!begun) return;
        begun = false;
        await plugin.cleanup();
      };
      await (isStopping ? cleanUp() : inTurn(cleanUp));
    },
  };
}

/** The context closes over its instance; no argument of it names one. */
function createContext(instanceId: string, config: unknown, services: HostServices): PluginContext {
  return Object.freeze({
    pluginId: instanceId,
    config,
    logger: services.logger,
    getCredential: (key: string) => services.getCredential(key),
    setCredential: (key: string, value: string) => services.setCredential(key, value),
    signJwt: (request: JwtRequest) => services.signJwt(request),
    getAccessToken: () => services.getAccessToken(),
    isAuthenticated: () => services.isAuthenticated(),
    getTokenInfo: () => services.getTokenInfo(),
    requireReauth: (refused?: string) => services.requireReauth(refused),
    fetch: (url: string | URL, init?: FetchInit) => services.fetch(url, init),
    changed: (list: "tools" | "resources" | "prompts") => services.changed(list),
    resourceUpdated: (uri: string) => services.resourceUpdated(uri),
  });
}

function createCallContext(call: HostCall, events: CallEvents, logger: Logger): CallContext {
  let guarded: AbortSignal | null = null;
  return {
    requestId: call.requestId,
    principal: call.principal,
    client: call.client,
    input: call.input,
    // A getter, so that a call whose plugin never asks needs no AbortController.
    get signal() {
      guarded ??= guardListeners(events.signal, (error) =>
        logger.error("A listener of a call's signal failed", {
          requestId: call.requestId,
          error: stackOf(error),
        }),
      );
      return guarded;
    },
    progress: (progress, total, message) => events.progress(progress, total, message),
    log: (level, data) => events.log(level, data),
    closeStream: () => events.closeStream(),
  };
}

function dispatch(plugin: MCPPlugin, call: HostCall, context: CallContext): unknown {
  switch (call.kind) {
    case "tool":
      return plugin.executeTool(call.name, call.args, context);
    case "resource":
      return plugin.readResource?.(call.uri, context) ?? null;
    case "prompt":
      return plugin.getPrompt?.(call.name, call.args, context) ?? null;
    case "complete":
      return plugin.complete?.(call.request, context) ?? [];
  }
}

type Lists = Pick<
  MCPPlugin,
  "getTools" | "getResourceTemplates" | "readResource" | "getPrompts"
> & {
  getResources?: MCPPlugin["getResources"];
};

async function readCatalog(plugin: Lists): Promise<PluginCatalog> {
  const faults: CatalogFault[] = [];
  // Each item crosses as JSON by itself, so that one that cannot does not cost the plugin the others.
  const read = async <T>(kind: CatalogFault["kind"], list: unknown): Promise<T[]> => {
    const items: unknown = await list;
    if (!Array.isArray(items)) {
      throw new AppError("PLUGIN_INVALID", `The plugin's list of ${kind}s is not an array.`);
    }
    return items.flatMap((item: unknown, index) => {
      const copy = toJsonObject(item);
      if (copy !== null) return [copy as T];
      const { name } = (item ?? {}) as { name?: unknown };
      faults.push({
        kind,
        name: typeof name === "string" ? name : `number ${index + 1}`,
        reason: "its description is not a JSON object",
      });
      return [];
    });
  };
  const resources = (
    await read<Resource>("resource", plugin.getResources ? plugin.getResources() : [])
  ).filter((resource) => {
    if (plugin.readResource || resource.text !== undefined || resource.blob !== undefined)
      return true;
    const reason = "it has neither text nor blob, and the plugin no readResource()";
    const { uri } = resource as { uri?: unknown };
    faults.push({
      kind: "resource",
      name: typeof uri === "string" ? uri : "without a uri",
      reason,
    });
    return false;
  });
  return {
    tools: await read("tool", plugin.getTools()),
    resources,
    resourceTemplates: await read("resource template", plugin.getResourceTemplates?.() ?? []),
    prompts: await read("prompt", plugin.getPrompts?.() ?? []),
    faults,
  };
}

function toJsonObject(item: unknown): object | null {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(item));
    return typeof copy === "object" && !Array.isArray(copy) ? copy : null;
  } catch {
    return null;
  }
}

function toOutcome(value: unknown): CallOutcome {
  if ((value as InputRequired | null | undefined)?.resultType === "input_required") {
    const { inputRequests, state } = value as InputRequired;
    return { kind: "input-required", inputRequests: inputRequests ?? null, state };
  }
  return { kind: "result", value };
}

/** By name and not by `instanceof`: the plugin may hold its own copy of the class, or live in another realm. */
function asToolError(error: unknown): CallOutcome | null {
  if (typeof error !== "object" || error === null) return null;
  const { name, message, data } = error as { name?: unknown; message?: unknown; data?: unknown };
  if (name !== "ToolError" || typeof message !== "string") return null;
  return { kind: "tool-error", message, ...(data !== undefined && { data }) };
}
