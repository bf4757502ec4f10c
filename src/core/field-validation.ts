import { RE2JS } from "re2js";
import { messageOf } from "../errors.ts";
import {
  CREDENTIAL_NAME,
  credentialValueFault,
  CREDENTIAL_NAME_FAULT,
} from "../util/credential-names.ts";
import { LOOPBACK_NAMES } from "../util/origin.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import type { AuthConfig } from "./auth-config.ts";

/** A regular expression as data. */
export interface PatternSource {
  readonly source: string;
  readonly flags: string;
}

const MAX_SOURCE_CHARS = 1_000;
/** The time of a match grows with the pattern's program and the input: these two keep it within milliseconds. */
const MAX_PROGRAM = 500;
const MAX_PATTERN_INPUT_CHARS = 4_096;
/** What JavaScript's flags are to re2js, which always reads whole characters, as `u` asks for. */
const FLAGS: ReadonlyMap<string, number> = new Map([
  ["i", RE2JS.CASE_INSENSITIVE],
  ["m", RE2JS.MULTILINE],
  ["s", RE2JS.DOTALL],
  ["u", 0],
]);

/**
 * Compiles a plugin's pattern into one that matches in linear time, whatever the input. The refusal is for the plugin's
 * author.
 */
export function compilePattern({ source, flags }: PatternSource): Result<RE2JS, string> {
  if (source.length > MAX_SOURCE_CHARS) {
    return refuse(`the pattern is longer than ${MAX_SOURCE_CHARS} characters`);
  }
  let bits = 0;
  for (const flag of flags) {
    const bit = FLAGS.get(flag);
    if (bit === undefined) {
      return refuse(`the flag ${JSON.stringify(flag)} is not supported (i, m, s and u are)`);
    }
    bits |= bit;
  }
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source), bits);
    return compiled.programSize() > MAX_PROGRAM
      ? refuse("the pattern is too large: use smaller repetitions")
      : ok(compiled);
  } catch (error) {
    return refuse(
      `the pattern cannot be run in linear time (look-around and back references cannot): ${messageOf(error)}`,
    );
  }
}

/**
 * Whether a value that a person gives may be stored as a credential of the plugin. The refusal is for that person, and never
 * quotes the value.
 *
 * @param config `null` for a plugin that declares nothing: any name will do
 */
export function checkCredential(
  config: AuthConfig | null,
  name: string,
  value: string,
): Result<void, string> {
  if (!CREDENTIAL_NAME.test(name)) return refuse(CREDENTIAL_NAME_FAULT);
  const field = config?.fields.get(name);
  if (field === undefined && config !== null && config.fields.size > 0) {
    return refuse(
      `The plugin has no credential "${name}". It has: ${[...config.fields.keys()].join(", ")}.`,
    );
  }
  const fault = credentialValueFault(value) ?? (field?.type === "url" ? urlFault(value) : null);
  if (fault !== null) return refuse(`"${name}" ${fault}.`);
  const validation = field?.validation ?? null;
  return validation === null || matches(validation, value)
    ? ok(undefined)
    : refuse(`"${name}" does not have the form that the plugin asks for: ${field!.description}`);
}

function urlFault(value: string): string | null {
  const url = URL.parse(value);
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK_NAMES.has(url.hostname));
  return isSafe ? null : "must be an https address (http is for this machine alone)";
}

function matches(validation: PatternSource, value: string): boolean {
  if (value.length > MAX_PATTERN_INPUT_CHARS) return false;
  const compiled = compilePattern(validation);
  return compiled.ok && compiled.value.test(value);
}
