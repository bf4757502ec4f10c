import { existsSync, readFileSync } from "node:fs";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { AppError, parsePluginsFile, type InstanceEntry } from "../../src/index.ts";
import type { Settings } from "./settings.ts";

/** What runs where nobody has said what should: the plugin that needs no key. */
const DEFAULT_ENTRIES = { time: { package: "./time" } } as const;

/**
 * Reads the plugins file, JSON with comments. Without one, unless it was named, the server runs its default plugins.
 *
 * @throws AppError `CONFIG_INVALID` with line and column, or with the JSON pointer of what is wrong
 */
export function readPluginsFile({
  configFile,
  configNamed,
}: Pick<Settings, "configFile" | "configNamed">): Readonly<Record<string, InstanceEntry>> {
  if (!existsSync(configFile)) {
    if (!configNamed) return DEFAULT_ENTRIES;
    throw new AppError("CONFIG_INVALID", `MCP_CONFIG names ${configFile}, which does not exist.`);
  }
  const text = readFileSync(configFile, "utf8");
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split("\n");
    const place = `${configFile}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    throw new AppError("CONFIG_INVALID", `${place}: ${printParseErrorCode(first.error)}`);
  }
  return parsePluginsFile(content, configFile);
}
