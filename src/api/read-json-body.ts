import type * as z from "zod";
import { readBody } from "../core/read-body.ts";
import { AppError, InvalidInput } from "../errors.ts";
import { outOfBounds } from "../util/json-bounds.ts";
import { parseJson } from "../util/parse-json.ts";
import { placesOf } from "./invalid-places.ts";

/** What a body may have, in bytes, unless a route says otherwise. */
const MAX_BYTES = 1024 * 1024;
/** What one text in it may have, in characters, unless the route takes more than others. */
const MAX_CHARS = 256 * 1024;
/** Before anything recursive, such as a schema, looks at it. */
const BOUNDS = { maxDepth: 64, maxNodes: 10_000, refusesProto: true } as const;
const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Reads a request's body as JSON of the schema's shape.
 *
 * @throws AppError `BODY_TOO_LARGE` or `BODY_INVALID`, `InvalidInput` with the places that are wrong. No message repeats what
 * was sent.
 */
export async function readJsonBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  maxBytes: number = MAX_BYTES,
): Promise<T> {
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
    throw invalid("Content-Type is not application/json");
  }
  const text = await readBody(request, maxBytes);
  if (!text.ok) {
    if (text.reason === "unreadable") throw invalid("it cannot be read");
    throw new AppError("BODY_TOO_LARGE", `The body has more than ${maxBytes} bytes.`);
  }
  const value = parseJson(text.value);
  if (value === undefined) throw invalid("it is not JSON");
  const maxChars = maxBytes > MAX_BYTES ? maxBytes : MAX_CHARS;
  const fault = outOfBounds(value, { ...BOUNDS, maxChars });
  if (fault !== null) throw invalid(fault);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInput("BODY_INVALID", placesOf(parsed.error));
}

function invalid(reason: string): AppError {
  return new AppError("BODY_INVALID", `The body is not valid: ${reason}.`);
}
