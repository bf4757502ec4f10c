import { Option, type Command } from "commander";

/** Flags that say which files a command works on. */
export function addFileFlags(command: Command): Command {
  return command
    .addOption(new Option("-c, --config <file>", "plugins file (MCP_CONFIG; config/plugins.json)"))
    .addOption(new Option("--plugins-dir <folder>", "plugins folder (MCP_PLUGINS_DIR; plugins)"))
    .addOption(new Option("--data-dir <folder>", "data folder (MCP_DATA_DIR; data)"));
}
