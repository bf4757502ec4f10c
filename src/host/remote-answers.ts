import type { CallOutcome, CatalogFault, PluginCatalog, PluginInfo } from "../types/host.ts";
import { isJsonObject } from "../util/json-object.ts";

/**
 * Whether what a plugin's side answered has the shape that the server relies on. What is inside of the items and results
 * is checked where a plugin in the server's own thread is checked, too.
 */
export type AnswerCheck<T> = (value: unknown) => value is T;

export function isPluginInfo(value: unknown): value is PluginInfo {
  if (!isJsonObject(value)) return false;
  const { name, version, description, dependencies, configSchema, auth } = value;
  return (
    [name, version, description].every((text) => typeof text === "string") &&
    Array.isArray(dependencies) &&
    dependencies.every((name_) => typeof name_ === "string") &&
    [configSchema, auth].every((part) => part === null || isJsonObject(part))
  );
}

const LISTS = ["tools", "resources", "resourceTemplates", "prompts"] as const;
const KINDS: ReadonlySet<unknown> = new Set<CatalogFault["kind"]>([
  "tool",
  "resource",
  "resource template",
  "prompt",
]);

export function isCatalog(value: unknown): value is PluginCatalog {
  if (!isJsonObject(value)) return false;
  return (
    LISTS.every((list) => isListOf(value[list], isJsonObject)) && isListOf(value["faults"], isFault)
  );
}

function isFault(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { kind, name, reason } = value;
  return KINDS.has(kind) && typeof name === "string" && typeof reason === "string";
}

export function isOutcome(value: unknown): value is CallOutcome {
  if (!isJsonObject(value)) return false;
  const { kind, message } = value;
  return (
    kind === "result" ||
    kind === "input-required" ||
    (kind === "tool-error" && typeof message === "string")
  );
}

/** Of a step it matters only that it has ended. */
export function isAnything(_value: unknown): _value is unknown {
  return true;
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}
