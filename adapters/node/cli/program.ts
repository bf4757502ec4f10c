import { Command, InvalidArgumentError, Option } from "commander";
import type { Environment, SettingFlags } from "../settings.ts";
import { VERSION } from "../version.ts";
import { addAuditCommands } from "./audit-commands.ts";
import { addCompletion } from "./completion.ts";
import { COMMON_CLIENTS } from "./common-clients.ts";
import { doctor } from "./doctor.ts";
import { addCredentialCommands } from "./credential-commands.ts";
import { EXIT } from "./exit-codes.ts";
import { addFileFlags } from "./file-flags.ts";
import { addOAuthCommands } from "./oauth-commands.ts";
import { addKeyCommands } from "./key-commands.ts";
import { addPluginCommands } from "./plugin-commands.ts";
import { addToolCommands } from "./tool-commands.ts";
import { processInput, type Input } from "./input.ts";
import { processOutput, type Output } from "./output.ts";
import { reportError } from "./report-error.ts";
import { serve } from "./serve.ts";
import { stdio } from "./stdio.ts";
import { addVaultCommands } from "./vault-commands.ts";

interface JsonFlag {
  readonly json?: boolean;
}

/** Runs a command line and answers the exit code; a server that runs goes on after this. */
export async function run(
  argv: readonly string[],
  env: Environment,
  output: Output = processOutput,
  input: Input = processInput,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  // Time limits and waits keep no process alive (`systemTime`): a command that waits for its turn would end without a word.
  const alive = setInterval(() => {}, 60_000);
  try {
    const program = createProgram({ env, output, input, exit: (code) => (exitCode = code) });
    await addCompletion(program, argv[0]);
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    exitCode = reportError(error, argv.includes("--json"), output);
  } finally {
    clearInterval(alive);
  }
  return exitCode;
}

/** The command line. `serve` is what runs when no command is named. */
function createProgram({
  env,
  output,
  input,
  exit,
}: {
  readonly env: Environment;
  readonly output: Output;
  readonly input: Input;
  readonly exit: (code: number) => void;
}): Command {
  const program = new Command("mcp-plugin-server")
    .exitOverride()
    // `run` says what is wrong, in one place for all kinds of errors.
    .configureOutput({ writeOut: output.out, outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .description("One MCP server in which every integration is a plugin.")
    .version(VERSION)
    .addHelpText("after", EXAMPLES);

  addSettingFlags(program.command("serve", { isDefault: true }))
    .description("run the server (also what runs without a command)")
    .option("--json", "print one JSON line on stdout once it listens")
    // As the default it also gets what was meant to be a command.
    .allowExcessArguments()
    .action((flags: SettingFlags & JsonFlag, command: Command) => {
      const [stray] = command.args;
      if (stray !== undefined) command.error(`Unknown command: ${stray}`);
      return serve(env, flags, flags.json ?? false);
    });

  addSettingFlags(program.command("dev"))
    .description("run the server for plugin authors: what is saved is reloaded")
    .option("--json", "print one JSON line on stdout once it listens")
    .action((flags: SettingFlags & JsonFlag) => serve(env, flags, flags.json ?? false, "dev"));

  addFileFlags(program.command("stdio"))
    .description("serve the client that starts it, on stdin and stdout, and listen nowhere")
    .action((flags: SettingFlags) => stdio(env, flags));

  program
    .command("connect")
    .description("print how to enter this server in an MCP client")
    .argument("<client>", `${COMMON_CLIENTS.join(", ")}, …, or list`)
    .option("--url <url>", "address of the server's /mcp; from the settings when left out", httpUrl)
    .addOption(new Option("--stdio", "the client starts a server of its own").conflicts("url"))
    .option("--json", "print JSON")
    .action(
      async (
        client: string,
        flags: JsonFlag & { url?: string; stdio?: boolean },
        command: Command,
      ) => {
        // The registry of clients costs some 90 ms to load, which a start need not pay.
        const { connect, isClient, listClients } = await import("./connect.ts");
        if (client === "list") return listClients(flags, output);
        if (isClient(client)) return connect(env, client, flags, output);
        return command.error(
          `Unknown client: ${client}. Try one of ${COMMON_CLIENTS.join(", ")}; "connect list" names all.`,
        );
      },
    );

  const context = { env, output, input };
  const fail = () => exit(EXIT.refused);
  addCredentialCommands(program, context);
  addOAuthCommands(program, context);
  addPluginCommands(program, context, fail);
  addToolCommands(program, context, fail);
  addKeyCommands(program, context);
  addVaultCommands(program, context, fail);
  addAuditCommands(program, context, fail);

  addSettingFlags(program.command("doctor"))
    .description("check what the server needs, and say what to do about the rest")
    .option("--json", "print JSON")
    .action(async (flags: SettingFlags & JsonFlag) => {
      if (!(await doctor(env, flags, output))) exit(EXIT.refused);
    });

  // They have it from their group, which takes whatever was meant to be one of them.
  for (const { commands } of program.commands) {
    for (const command of commands) command.allowExcessArguments(false);
  }
  return program;
}

const EXAMPLES = `
Examples:
  mcp-plugin-server                      run on http://127.0.0.1:3000
  mcp-plugin-server serve --port 0       run on a free port
  mcp-plugin-server dev                  the same, and reload plugins when they are saved
  mcp-plugin-server connect claude-code  what to enter in Claude Code
  mcp-plugin-server stdio                what a client runs that starts its servers itself
  mcp-plugin-server credentials set openweathermap api_key < key.txt
  mcp-plugin-server key create laptop    a key for one more MCP client
  mcp-plugin-server doctor               what keeps it from starting

Secrets come from the environment or from files, never from the command line.
docs/cli.md has every variable and exit code.`;

function addSettingFlags(command: Command): Command {
  return addFileFlags(
    command
      .addOption(new Option("-p, --port <port>", "port to listen on (PORT; 3000)"))
      .addOption(new Option("--host <address>", "address to listen on (HOST; 127.0.0.1)")),
  );
}

function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("It must be an http:// or https:// address.");
}
