import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse } from "jsonc-parser";
import { AppError, messageOf, parseIssuerSettings, type IssuerSettings } from "../../src/index.ts";
import { findMistakes } from "./plugins-file.ts";
import type { Environment } from "./secrets.ts";

const NAME = "MCP_AUTHORIZATION";

type ReadSecret = () => Promise<Uint8Array | null>;

/**
 * Whose access tokens are taken at `/mcp`: what `MCP_AUTHORIZATION` says, or the file that it names, JSON with comments.
 * Nobody's when it is not set. Variables with secrets are taken out of the environment; files with secrets are read whenever
 * one is needed, so that a new secret needs no new start. Call it after `takeSecrets`.
 *
 * @throws AppError `CONFIG_INVALID` with the place and what is wrong there, and no value
 */
export function readAuthorizationSettings(env: Environment): readonly IssuerSettings[] {
  const value = env[NAME]?.trim() ?? "";
  if (value === "") return [];
  const isInline = value.startsWith("{") || value.startsWith("/*") || value.startsWith("//");
  const source = isInline ? NAME : resolve(value);
  const text = isInline ? value : readSettingsFile(source);
  const mistakes = findMistakes(text);
  if (mistakes.length > 0) {
    throw invalid(mistakes.map((mistake) => `${source}:${mistake}`).join("\n"));
  }
  const content: unknown = parse(text, [], { allowTrailingComma: true });
  return parseIssuerSettings(content, source, ({ secretFile, secretEnv }) =>
    secretFile === undefined ? secretOfVariable(env, secretEnv!) : secretOfFile(secretFile),
  );
}

function readSettingsFile(path: string): string {
  try {
    // Some editors on Windows begin a file with a byte order mark.
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw invalid(`${NAME} names a file that cannot be read: ${messageOf(error)}`);
  }
}

/** It must be there now, and is read again each time. */
function secretOfFile(file: string): ReadSecret {
  const path = resolve(file);
  try {
    if (trimEnd(readFileSync(path)).length === 0) throw new Error(`${path} is empty`);
  } catch (error) {
    throw invalid(`${NAME}: a secretFile cannot be used: ${messageOf(error)}`);
  }
  return async () => {
    try {
      const secret = trimEnd(await readFile(path));
      return secret.length === 0 ? null : secret;
    } catch {
      return null;
    }
  };
}

function secretOfVariable(env: Environment, name: string): ReadSecret {
  const secret = env[name]?.trim() ?? "";
  delete env[name];
  if (secret === "") throw invalid(`${NAME}: the variable ${name}, a secretEnv, is not set.`);
  return async () => new TextEncoder().encode(secret);
}

/** Without the end of the line that editors and `echo` leave there. */
function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}

function invalid(message: string): AppError {
  return new AppError("CONFIG_INVALID", message);
}
