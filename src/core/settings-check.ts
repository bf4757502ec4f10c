import { messageOf } from "../errors.ts";
import type { JsonSchema } from "../types/json.ts";
import type { SchemaEngine, SchemaFault } from "../types/schema-engine.ts";
import { isJsonObject } from "../util/json-object.ts";
import { toJsonText } from "../util/json-text.ts";
import { toPointer } from "../util/json-pointer.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { faultWords } from "../util/schema-fault.ts";
import { schemaFault } from "./schema-rules.ts";

const MAX_CHARS = 1024 * 1024;

/** What is wrong with an instance's settings. */
export interface SettingsFault extends SchemaFault {
  /** All of it, for a plugin's status. */
  readonly sentence: string;
}

/**
 * Checks an instance's settings against each of its schemas (the manifest's, the plugin object's) and fills in their
 * defaults, in a copy. Refuses bad settings, and schemas that break the rules or do not compile. No value is quoted.
 */
export function checkSettings(
  settings: Readonly<Record<string, unknown>>,
  schemas: readonly (JsonSchema | null | undefined)[],
  engine: SchemaEngine,
): Result<unknown, SettingsFault> {
  const text = toJsonText(settings, MAX_CHARS);
  if (!text.ok) return refuseWhole(`The text of its settings ${text.reason}`);
  const filled: unknown = JSON.parse(text.value);
  for (const schema of schemas) {
    if (schema === null || schema === undefined) continue;
    const broken = schemaFault(schema, engine);
    if (broken !== null) return refuseWhole(`Its settings schema ${broken}`);
    try {
      const fault = engine.compile(schema, { fillDefaults: true })(filled);
      if (fault !== null) {
        const refused = refusedMember(schema, filled);
        const words = refused ? `${refused.pointer}: ${refused.rule}` : faultWords(fault);
        const sentence = `Its settings are not valid: ${words}.`;
        return refuse({ ...(refused ?? fault), sentence });
      }
    } catch (error) {
      return refuseWhole(`Its settings schema does not compile: ${messageOf(error)}`);
    }
  }
  return ok(filled);
}

const MAX_ADVICE_CHARS = 500;

function refuseWhole(rule: string): { ok: false; reason: SettingsFault } {
  return refuse({ pointer: "", rule, sentence: `${rule}.` });
}

/** The words of a schema for a member that it refuses altogether, by `not: {}`: where that belongs instead. */
function refusedMember({ properties }: JsonSchema, settings: unknown): SchemaFault | null {
  if (!isJsonObject(properties) || !isJsonObject(settings)) return null;
  for (const [name, member] of Object.entries(properties)) {
    if (!Object.hasOwn(settings, name) || !isJsonObject(member)) continue;
    const { not, description } = member;
    const isRefused = isJsonObject(not) && Object.keys(not).length === 0;
    if (!isRefused || typeof description !== "string") continue;
    const rule = description.slice(0, MAX_ADVICE_CHARS).replace(/\.$/, "");
    return { pointer: toPointer([name]), rule };
  }
  return null;
}
