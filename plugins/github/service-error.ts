import { z } from "mcp-plugin-server/plugin";

const MAX_CHARS = 300;
const MAX_DETAILS = 5;

const text = z.string().nullish().catch(null);
const errorSchema = z.object({
  message: text,
  errors: z
    .array(
      z.union([
        z.string(),
        z.object({ resource: text, field: text, code: text, message: text }),
        z.unknown().transform(() => ({ message: null, field: null, code: null })),
      ]),
    )
    .nullish()
    .catch(null),
});

/** What a refusal says of itself, as far as it does. */
export interface ServiceError {
  /** One line of bearable length, without a full stop at its end. */
  readonly message: string | null;
  /** Such as `title: missing_field`. */
  readonly details: readonly string[];
}

/** @param body parsed JSON, or whatever came in its place */
export function readError(body: unknown): ServiceError {
  const { message, errors } = errorSchema.safeParse(body).data ?? {};
  const details = (errors ?? []).slice(0, MAX_DETAILS).flatMap((error) => {
    if (typeof error === "string") return [shorten(error)];
    const said = error.message || error.code;
    if (!said) return [];
    return [shorten(error.field ? `${error.field}: ${said}` : said)];
  });
  return { message: message ? shorten(message) : null, details };
}

function shorten(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  if (line.length > MAX_CHARS) return `${line.slice(0, MAX_CHARS)}…`;
  return line.replace(/\.$/, "");
}
