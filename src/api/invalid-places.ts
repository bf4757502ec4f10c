import type * as z from "zod";
import type { InvalidPlace } from "../errors.ts";
import { toPointer } from "../util/json-pointer.ts";

/**
 * Where a schema found something wrong. The names of members are the schema's own; those that are too many are somebody's
 * text, and are not named.
 */
export function placesOf({ issues }: z.ZodError): InvalidPlace[] {
  return issues.map(({ path, code, message }) => ({
    pointer: toPointer(path),
    // The schema's author has written the message of a check of its own; the others are the library's, which may quote.
    detail: code === "custom" ? message : code,
  }));
}
