import { AppError } from "../../../src/index.ts";
import type { Input } from "./input.ts";

/** What stdin may have, in bytes: the largest credential and the end of a line. */
const MAX_STDIN_BYTES = 64 * 1024 + 2;

/**
 * A secret from stdin, or one that a person types unseen.
 *
 * @throws AppError `CREDENTIAL_INVALID`
 */
export async function readValue(input: Input, what: string): Promise<string> {
  const value = input.isTerminal
    ? await input.askSecret(`Value of ${what}`)
    : decode(await input.readAll(MAX_STDIN_BYTES)).replace(/\r?\n$/, "");
  if (value === null || value === "") {
    throw new AppError("CREDENTIAL_INVALID", "There is no value, so nothing was stored.");
  }
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AppError("CREDENTIAL_INVALID", "The value on stdin is not UTF-8.");
  }
}
