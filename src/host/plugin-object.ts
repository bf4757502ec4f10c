import { AppError } from "../errors.ts";
import type { MCPPlugin } from "../types/plugin.ts";

const TEXTS = ["name", "version", "description"] as const;
const METHODS = ["initialize", "getTools", "getResources", "executeTool", "cleanup"] as const;

/**
 * Makes the plugin object from a module: its default export, which is the object, its class or a factory.
 *
 * @throws AppError `PLUGIN_INVALID` naming everything that is missing, or whatever the plugin's own code throws.
 */
export async function toPlugin(module: unknown): Promise<MCPPlugin> {
  const exported = defaultExport(module);
  const plugin: unknown =
    typeof exported === "function"
      ? isClass(exported)
        ? Reflect.construct(exported, [])
        : await (exported as () => unknown)()
      : exported;
  return assertPlugin(plugin);
}

/** @throws AppError `PLUGIN_INVALID` */
export function assertPlugin(value: unknown): MCPPlugin {
  if (typeof value !== "object" || value === null) {
    throw new AppError(
      "PLUGIN_INVALID",
      "The default export must be a plugin object, a plugin class, or a function that returns a plugin object.",
    );
  }
  const candidate = value as Record<string, unknown>;
  const missing = [
    ...TEXTS.filter((key) => typeof candidate[key] !== "string" || candidate[key] === ""),
    ...METHODS.filter((key) => typeof candidate[key] !== "function").map((key) => `${key}()`),
  ];
  if (missing.length > 0) {
    throw new AppError("PLUGIN_INVALID", `The plugin object lacks ${missing.join(", ")}.`);
  }
  const dependencies = candidate["dependencies"];
  if (
    dependencies !== undefined &&
    !(Array.isArray(dependencies) && dependencies.every((entry) => typeof entry === "string"))
  ) {
    throw new AppError("PLUGIN_INVALID", "The plugin's dependencies must be a list of strings.");
  }
  return value as MCPPlugin;
}

/** A CommonJS module compiled from TypeScript arrives with its default export one level deeper. */
function defaultExport(module: unknown): unknown {
  const outer = (module as { default?: unknown } | null)?.default;
  const inner = outer as { __esModule?: boolean; default?: unknown } | null | undefined;
  return typeof inner === "object" && inner?.__esModule ? inner.default : outer;
}

function isClass(value: object): boolean {
  return (
    /^class\b/.test(Function.prototype.toString.call(value)) ||
    typeof (value as { prototype?: Partial<MCPPlugin> }).prototype?.executeTool === "function"
  );
}
