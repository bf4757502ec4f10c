import { CommanderError } from "commander";
import { AppError, messageOf } from "../../../src/index.ts";
import { EXIT } from "./exit-codes.ts";
import type { Output } from "./output.ts";

interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  /** Only for what should not happen: everything else has a message that suffices. */
  readonly stack?: string | undefined;
}

/** Says why a command failed, as text or as one JSON line, and answers the exit code. */
export function reportError(error: unknown, json: boolean, { err }: Output): number {
  if (error instanceof CommanderError && error.exitCode === EXIT.ok) return EXIT.ok;
  const { exitCode, code, message, stack } = toFailure(error);
  if (json) {
    err(`${JSON.stringify({ error: { code, message } })}\n`);
    return exitCode;
  }
  err(`mcp-plugin-server: ${message}\n`);
  if (stack !== undefined) err(`${stack}\n`);
  if (exitCode === EXIT.usage) err(`"mcp-plugin-server --help" lists commands and options.\n`);
  return exitCode;
}

function toFailure(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const said = error.message.replace(/^error: /, "");
    const message = said.charAt(0).toUpperCase() + said.slice(1);
    return { exitCode: EXIT.usage, code: "USAGE", message };
  }
  const message = messageOf(error);
  if (error instanceof AppError && error.code !== "INTERNAL") {
    return { exitCode: EXIT.refused, code: error.code, message };
  }
  // What the operating system refused, such as EACCES, names the call and the path.
  if (error instanceof Error && "syscall" in error) {
    return { exitCode: EXIT.refused, code: "CONFIG_INVALID", message };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { exitCode: EXIT.broken, code: "INTERNAL", message, stack };
}
