import type * as z from "zod";
import { readBody } from "../core/read-body.ts";
import { AppError } from "../errors.ts";
import { parseJson } from "../util/parse-json.ts";

/** What a body may have, in bytes, unless a route says otherwise. */
const MAX_BYTES = 1024 * 1024;
const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Reads a request's body as JSON of the schema's shape.
 *
 * @throws AppError `BODY_TOO_LARGE`, or `BODY_INVALID` with the places that are wrong. No message repeats what was sent.
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
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // The names of members are the schema's own, except those that are too many: these are somebody's text.
  const places = parsed.error.issues.map(
    // The schema's author has written the message of a check of its own; the others are the library's, which may quote.
    ({ path, code, message }) =>
      `/${path.map(String).join("/")}: ${code === "custom" ? message : code}`,
  );
  throw invalid(places.join("; "));
}

function invalid(reason: string): AppError {
  return new AppError("BODY_INVALID", `The body is not valid: ${reason}.`);
}
