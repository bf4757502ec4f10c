import { AppError } from "../errors.ts";
import type {
  CallEvents,
  CallOutcome,
  CatalogFault,
  HostCall,
  HostedPlugin,
  HostServices,
  PluginCatalog,
} from "../types/host.ts";
import type { CallContext, InputRequired, MCPPlugin, PluginContext } from "../types/plugin.ts";

/**
 * Drives one plugin object: the plugin's side of every host driver. What differs between drivers is only how the
 * messages travel.
 */
export function hostPlugin(
  plugin: MCPPlugin,
  instanceId: string,
  services: HostServices,
): HostedPlugin {
  return {
    info: {
      name: plugin.name,
      version: plugin.version,
      description: plugin.description,
      dependencies: plugin.dependencies ?? [],
      configSchema: plugin.configSchema ?? null,
      auth: plugin.auth ?? null,
    },
    initialize: async (config) => plugin.initialize(createContext(instanceId, config, services)),
    start: async () => plugin.start?.(),
    stop: async () => plugin.stop?.(),
    cleanup: async () => plugin.cleanup(),
    catalog: () => readCatalog(plugin),
    async call(call, events) {
      try {
        return toOutcome(await dispatch(plugin, call, createCallContext(call, events)));
      } catch (error) {
        const refusal = asToolError(error);
        if (refusal === null) throw error;
        return refusal;
      }
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
    getAccessToken: () => services.getAccessToken(),
    isAuthenticated: () => services.isAuthenticated(),
    getTokenInfo: () => services.getTokenInfo(),
    requireReauth: () => services.requireReauth(),
    changed: (list: "tools" | "resources" | "prompts") => services.changed(list),
    resourceUpdated: (uri: string) => services.resourceUpdated(uri),
  });
}

function createCallContext(call: HostCall, events: CallEvents): CallContext {
  return {
    requestId: call.requestId,
    principal: call.principal,
    client: call.client,
    input: call.input,
    // A getter, so that a call whose plugin never asks needs no AbortController.
    get signal() {
      return events.signal;
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
      if (!plugin.getPrompt) {
        throw new AppError("PLUGIN_INVALID", "The plugin lists prompts but has no getPrompt().");
      }
      return plugin.getPrompt(call.name, call.args, context);
    case "complete":
      return plugin.complete?.(call.request, context) ?? [];
  }
}

async function readCatalog(plugin: MCPPlugin): Promise<PluginCatalog> {
  const faults: CatalogFault[] = [];
  // Each item crosses as JSON by itself, so that one that cannot does not cost the plugin the others.
  const read = async <T>(kind: CatalogFault["kind"], list: unknown): Promise<T[]> => {
    const items: unknown = await list;
    if (!Array.isArray(items)) {
      throw new AppError("PLUGIN_INVALID", `The plugin's list of ${kind}s is not an array.`);
    }
    return items.flatMap((item: unknown) => {
      try {
        return [JSON.parse(JSON.stringify(item)) as T];
      } catch {
        const name = String((item as { name?: unknown } | null)?.name);
        faults.push({ kind, name, reason: "its description is not JSON" });
        return [];
      }
    });
  };
  return {
    tools: await read("tool", plugin.getTools()),
    resources: await read("resource", plugin.getResources()),
    resourceTemplates: await read("resource template", plugin.getResourceTemplates?.() ?? []),
    prompts: await read("prompt", plugin.getPrompts?.() ?? []),
    faults,
  };
}

function toOutcome(value: unknown): CallOutcome {
  if ((value as InputRequired | null | undefined)?.resultType === "input_required") {
    const { inputRequests, state } = value as InputRequired;
    return { kind: "input-required", inputRequests: inputRequests ?? null, state };
  }
  return { kind: "result", value };
}

/** By name and not by `instanceof`: the plugin may hold its own copy of the class, or live in another process. */
function asToolError(error: unknown): CallOutcome | null {
  if (!(error instanceof Error) || error.name !== "ToolError") return null;
  const data = (error as { data?: unknown }).data;
  return { kind: "tool-error", message: error.message, ...(data !== undefined && { data }) };
}
