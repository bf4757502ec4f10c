import type { Completion } from "../types/plugin.ts";

const MAX_COMPLETIONS = 100;

/**
 * Makes a `resources/read` result of what a plugin read: a result, a list of contents, one content, or text.
 * `null` when it is none of these.
 */
export function fromPluginResource(
  value: unknown,
  uri: string,
  mimeType: string | undefined,
): { contents: Record<string, unknown>[] } | null {
  if (typeof value === "string") return { contents: [toContent({ text: value }, uri, mimeType)] };
  const list: unknown = Array.isArray(value)
    ? value
    : ((value as { contents?: unknown }).contents ?? [value]);
  if (!Array.isArray(list)) return null;
  const contents = list.map((item: unknown) => toContent(item, uri, mimeType));
  const valid = contents.every(
    (content) => typeof content["text"] === "string" || typeof content["blob"] === "string",
  );
  return valid ? { contents } : null;
}

function toContent(
  item: unknown,
  uri: string,
  mimeType: string | undefined,
): Record<string, unknown> {
  return { uri, ...(mimeType !== undefined && { mimeType }), ...(item as object | null) };
}

/** Makes a `prompts/get` result of a result, or of text, which becomes the user's message. */
export function fromPluginPrompt(value: unknown): Record<string, unknown> | null {
  if (typeof value === "string") {
    return { messages: [{ role: "user", content: { type: "text", text: value } }] };
  }
  const messages = (value as { messages?: unknown } | null | undefined)?.messages;
  return Array.isArray(messages) ? (value as Record<string, unknown>) : null;
}

/** Makes a `completion/complete` result of a list of values, of which 100 at most may be sent. */
export function fromPluginCompletion(value: unknown): { completion: Completion } | null {
  const completion = Array.isArray(value) ? { values: value as unknown[] } : value;
  const { values, total, hasMore } = (completion ?? {}) as Partial<Completion>;
  if (!Array.isArray(values) || !values.every((entry) => typeof entry === "string")) return null;
  return {
    completion: {
      values: values.slice(0, MAX_COMPLETIONS),
      total: total ?? values.length,
      hasMore: hasMore ?? values.length > MAX_COMPLETIONS,
    },
  };
}
