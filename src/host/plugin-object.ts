import { AppError } from "../errors.ts";
import type { MCPPlugin } from "../types/plugin.ts";

/**
 * Under this name a plugin object may have a method that makes an unused copy of it, so that one exported object can
 * be several instances. `definePlugin` provides it. A registered symbol, because a plugin may hold its own copy of
 * this package.
 */
export const NEW_INSTANCE = Symbol.for("mcp-plugin-server.new-instance");

const TEXTS = ["name", "version", "description"] as const;
const METHODS = ["initialize", "getTools", "getResources", "executeTool", "cleanup"] as const;
const OPTIONAL_METHODS = [
  "start",
  "stop",
  "getResourceTemplates",
  "readResource",
  "getPrompts",
  "getPrompt",
  "complete",
] as const;
const OPTIONAL_OBJECTS = ["auth", "configSchema"] as const;
/** What a plugin lists and what serves it. Without the second the first could only fail. */
const PAIRS = [
  ["getPrompts", "getPrompt"],
  ["getResourceTemplates", "readResource"],
] as const;

/**
 * Makes the plugin object from a module: its default export, which is the object, its class or a factory.
 *
 * @throws AppError `PLUGIN_INVALID` naming everything that is missing, or whatever the plugin's own code throws.
 */
export async function toPlugin(module: unknown): Promise<MCPPlugin> {
  const exported = defaultExport(module);
  const made: unknown =
    typeof exported === "function"
      ? isClass(exported)
        ? Reflect.construct(exported, [])
        : await (exported as () => unknown)()
      : exported;
  const plugin = assertPlugin(made);
  const copy = (plugin as { [NEW_INSTANCE]?: () => MCPPlugin })[NEW_INSTANCE];
  return typeof copy === "function" ? copy.call(plugin) : plugin;
}

/** @throws AppError `PLUGIN_INVALID` */
function assertPlugin(value: unknown): MCPPlugin {
  if (typeof value !== "object" || value === null) {
    throw new AppError(
      "PLUGIN_INVALID",
      "The default export must be a plugin object, a plugin class, or a function that returns a plugin object.",
    );
  }
  const plugin = value as Record<string, unknown>;
  const faults = [...missingFaults(plugin), ...optionalFaults(plugin)];
  if (faults.length > 0) throw new AppError("PLUGIN_INVALID", `${faults.join("; ")}.`);
  return value as MCPPlugin;
}

function missingFaults(plugin: Record<string, unknown>): string[] {
  const missing = [
    ...TEXTS.filter((key) => typeof plugin[key] !== "string" || plugin[key] === ""),
    ...METHODS.filter((key) => typeof plugin[key] !== "function").map((key) => `${key}()`),
  ];
  return missing.length === 0 ? [] : [`The plugin object lacks ${missing.join(", ")}`];
}

/** An optional member that is absent is fine, and one of another type a mistake. */
function optionalFaults(plugin: Record<string, unknown>): string[] {
  const has = (key: string) => plugin[key] !== undefined && plugin[key] !== null;
  const { dependencies } = plugin;
  const isList = Array.isArray(dependencies) && dependencies.every((it) => typeof it === "string");
  return [
    ...(has("dependencies") && !isList ? ["its dependencies must be a list of strings"] : []),
    ...OPTIONAL_OBJECTS.filter(
      (key) => has(key) && (typeof plugin[key] !== "object" || Array.isArray(plugin[key])),
    ).map((key) => `its ${key} must be an object`),
    ...OPTIONAL_METHODS.filter((key) => has(key) && typeof plugin[key] !== "function").map(
      (key) => `its ${key} must be a function`,
    ),
    ...PAIRS.filter(([list, serve]) => has(list) && !has(serve)).map(
      ([list, serve]) => `it has ${list}() but no ${serve}()`,
    ),
  ];
}

/** A CommonJS module compiled from TypeScript arrives with its default export one level deeper. */
function defaultExport(module: unknown): unknown {
  const outer = (module as { default?: unknown } | null | undefined)?.default;
  const inner = outer as { __esModule?: boolean; default?: unknown } | null | undefined;
  return typeof inner === "object" && inner?.__esModule ? inner.default : outer;
}

function isClass(value: object): boolean {
  return (
    /^class\b/.test(Function.prototype.toString.call(value)) ||
    // A class compiled for an older JavaScript is a function with methods.
    typeof (value as { prototype?: Partial<MCPPlugin> }).prototype?.executeTool === "function"
  );
}
