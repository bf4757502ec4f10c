import type { MCPPlugin } from "../types/plugin.ts";
import { DefinedPlugin } from "./defined-plugin.ts";
import type { LooseDefinition } from "./loose-definition.ts";
import type { PluginDefinition } from "./plugin-definition.ts";
import type { AnySchema } from "./standard-schema.ts";

/**
 * Makes a plugin of a definition. Schemas become JSON Schema now, so a mistake in one shows when the module loads.
 *
 * Several instances may be made of it, and each has its context to itself; what they must not share belongs in a
 * function that returns `definePlugin(…)`, not in variables of the module.
 *
 * @throws TypeError naming the schema that has no form in JSON Schema
 */
export function definePlugin<
  Config extends AnySchema | undefined = undefined,
  Inputs = unknown,
  Outputs extends { [K in keyof Inputs]?: unknown } = object,
  PromptInputs = unknown,
>(definition: PluginDefinition<Config, Inputs, Outputs, PromptInputs>): MCPPlugin {
  return new DefinedPlugin(definition as unknown as LooseDefinition);
}
