import { Command, Option } from "commander";
import { AppError, messageOf } from "../../../src/index.ts";
import type { Environment, SettingFlags } from "../settings.ts";
import { VERSION } from "../version.ts";
import { connect } from "./connect.ts";
import { doctor } from "./doctor.ts";
import { serve } from "./serve.ts";

/** Exit codes; documented in docs/cli.md. */
export const EXIT = { ok: 0, usage: 1, failed: 2 } as const;

/** The command line. `serve` is what runs when no command is named. */
export function createProgram(env: Environment): Command {
  const program = new Command("mcp-plugin-server")
    .description("One MCP server in which every integration is a plugin.")
    .version(VERSION)
    .showHelpAfterError()
    .configureHelp({ showGlobalOptions: true });

  addSettingFlags(program.command("serve", { isDefault: true }))
    .description("run the server (also what runs without a command)")
    .option("--json", "print one JSON line on stdout once it listens")
    .action((flags: SettingFlags & { json?: boolean }) => serve(env, flags, flags.json ?? false));

  program
    .command("connect")
    .description("print how to enter this server in an MCP client")
    .argument("<client>", "claude-code, claude-desktop, vscode, cursor, codex, … or list")
    .option("--url <url>", "address of the server's /mcp; from the settings when left out")
    .option("--json", "print JSON")
    .action((client: string, flags: { url?: string; json?: boolean }) =>
      connect(env, client, flags),
    );

  addSettingFlags(program.command("doctor"))
    .description("check what the server needs, and say what to do about the rest")
    .option("--json", "print JSON")
    .action((flags: SettingFlags & { json?: boolean }) => doctor(env, flags));

  return program;
}

/** Runs a command line and answers the exit code, or nothing while a server runs on. */
export async function run(argv: readonly string[], env: Environment): Promise<void> {
  const program = createProgram(env);
  const json = argv.includes("--json");
  program.exitOverride();
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = report(error, json);
  }
}

function report(error: unknown, json: boolean): number {
  const code = (error as { code?: unknown } | null)?.code;
  // commander has printed its own message by now: help, version, or what is wrong with the command line.
  if (typeof code === "string" && code.startsWith("commander.")) {
    return (error as { exitCode: number }).exitCode;
  }
  const known = error instanceof AppError;
  const message = messageOf(error);
  process.stderr.write(
    json
      ? `${JSON.stringify({ error: { code: known ? error.code : "INTERNAL", message } })}\n`
      : `mcp-plugin-server: ${message}\n${known ? "" : `${(error as Error).stack ?? ""}\n`}`,
  );
  return EXIT.failed;
}

function addSettingFlags(command: Command): Command {
  return command
    .addOption(new Option("-p, --port <port>", "port to listen on (PORT; 3000)"))
    .addOption(new Option("--host <address>", "address to listen on (HOST; 127.0.0.1)"))
    .addOption(new Option("-c, --config <file>", "plugins file (MCP_CONFIG; config/plugins.json)"))
    .addOption(new Option("--plugins-dir <folder>", "plugins folder (MCP_PLUGINS_DIR; plugins)"))
    .addOption(new Option("--data-dir <folder>", "data folder (MCP_DATA_DIR; data)"));
}
