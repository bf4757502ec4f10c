import { readFileSync } from "node:fs";
import { parse, printParseErrorCode, visit } from "jsonc-parser";
import { AppError, messageOf, parsePluginsFile, type InstanceEntry } from "../../src/index.ts";
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
  const text = readText(configFile);
  if (text === null) {
    if (!configNamed) return DEFAULT_ENTRIES;
    throw invalid(`MCP_CONFIG names ${configFile}, which does not exist.`);
  }
  const mistakes = findMistakes(text);
  if (mistakes.length > 0) {
    throw invalid(mistakes.map((mistake) => `${configFile}:${mistake}`).join("\n"));
  }
  return parsePluginsFile(parse(text, [], { allowTrailingComma: true }), configFile);
}

function readText(path: string): string | null {
  try {
    // Some editors on Windows begin a file with a byte order mark.
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw invalid(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** `line:column: what is wrong` of each mistake. A name that stands twice is one: the first would be lost unseen. */
export function findMistakes(text: string): string[] {
  const mistakes: string[] = [];
  const objects: Set<string>[] = [];
  visit(
    text,
    {
      onError: (code, _offset, _length, line, column) => {
        const words = printParseErrorCode(code).replaceAll(/(?<=[a-z])[A-Z]/g, " $&");
        mistakes.push(`${line + 1}:${column + 1}: ${words.toLowerCase()}`);
      },
      onObjectBegin: () => void objects.push(new Set()),
      onObjectEnd: () => void objects.pop(),
      onObjectProperty: (name, _offset, _length, line, column) => {
        const names = objects.at(-1)!;
        const place = `${line + 1}:${column + 1}`;
        if (names.has(name)) mistakes.push(`${place}: the name "${name}" stands there twice`);
        // The parser would take it for the object's prototype.
        if (name === "__proto__") mistakes.push(`${place}: the name "__proto__" is not allowed`);
        names.add(name);
      },
    },
    { allowTrailingComma: true },
  );
  return mistakes;
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
