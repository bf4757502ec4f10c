import { MCPConfigRegistry } from "@gleanwork/mcp-config-schema";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Settings } from "../settings.ts";
import { IS_CLONE } from "../source-form.ts";
import { orNull, SERVER_NAME, type ClientConfig, type ClientId } from "./client-config.ts";

/** The registry knows no other programs than packages that npx runs. What it writes for this one gives way to ours. */
const STAND_IN = "stand-in-for-our-program";
const NPX = "npx";
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

const registry = new MCPConfigRegistry({ serverPackage: STAND_IN });

/** A program with its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/**
 * The command line with which a client starts the server on its stdin and stdout. The paths of files are absolute, because
 * clients start programs in any folder. In a clone it names the Node that runs now, because their `PATH` may lead to
 * another; a package is run by npx, which they must find themselves.
 */
export function stdioCommandLine({
  dataDir,
  configFile,
  pluginsDir,
}: Pick<Settings, "dataDir" | "configFile" | "pluginsDir">): CommandLine {
  const flags = [
    ["--data-dir", dataDir],
    // What is named must be there.
    ...(existsSync(configFile) ? [["--config", configFile]] : []),
    ...(existsSync(pluginsDir) ? [["--plugins-dir", pluginsDir]] : []),
  ].flat();
  return IS_CLONE
    ? [process.execPath, MAIN, "stdio", ...flags]
    : [NPX, "-y", "mcp-plugin-server", "stdio", ...flags];
}

/**
 * How to enter the server in a client that is to start it.
 *
 * @param id one of `clientIds()`
 */
export function stdioClientConfig(id: string, line: CommandLine): ClientConfig {
  const client = id as ClientId;
  const builder = registry.createBuilder(client);
  const connection = { transport: "stdio", serverName: SERVER_NAME } as const;
  const command = orNull(() => builder.buildCommand(connection));
  return {
    id,
    name: registry.getConfig(client)?.displayName ?? id,
    file: orNull(() => builder.getConfigPath()),
    text: builder.toString(withProgram(builder.buildConfiguration(connection), line)),
    command: command === null ? null : commandWithProgram(command, line),
  };
}

function withProgram<T>(configuration: T, line: CommandLine): T {
  const [program, ...args] = line;
  const replace = (value: unknown): unknown => {
    if (value === NPX) return program;
    if (Array.isArray(value)) {
      if (value.at(-1) !== STAND_IN) return value.map(replace);
      // Some clients take the program and its arguments as one list.
      return value[0] === NPX ? line : args;
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replace(inner)]));
  };
  return replace(configuration) as T;
}

/** `null` for a client whose command would take our flags for its own. */
function commandWithProgram(command: string, line: CommandLine): string | null {
  const json = /'(\{.+\})'$/.exec(command);
  if (json !== null) {
    const entry = JSON.stringify(withProgram(JSON.parse(json[1]!), line));
    return `${command.slice(0, json.index)}${quote(entry)}`;
  }
  const [before, rest] = command.split(` -- ${NPX} -y ${STAND_IN}`);
  return rest === undefined ? null : `${before} -- ${line.map(quoteIfNeeded).join(" ")}${rest}`;
}

function quoteIfNeeded(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quote(word);
}

/** For a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
