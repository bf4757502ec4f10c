import { messageOf } from "../errors.ts";
import { ok, refuse, type Result } from "./result.ts";

/**
 * The JSON text of a value, or why there is none: it has a cycle, a BigInt or a `toJSON` that throws, it is a function
 * or nothing at all, or its text is longer than `maxChars`.
 */
export function toJsonText(value: unknown, maxChars: number): Result<string, string> {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    return refuse(`is not JSON: ${messageOf(error)}`);
  }
  if (text === undefined) return refuse(`is not JSON: there is none of type ${typeof value}`);
  return text.length > maxChars ? refuse(`is larger than ${maxChars} characters`) : ok(text);
}
