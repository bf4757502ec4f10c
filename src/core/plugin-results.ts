import type { Completion } from "../types/plugin.ts";
import { toJsonText } from "../util/json-text.ts";
import { parseJson } from "../util/parse-json.ts";
import { REDACTED } from "./scrubber.ts";
import { contentFault, MAX_RESULT_CHARS } from "./tool-result.ts";
import { isJsonObject } from "../util/json-object.ts";

const MAX_COMPLETIONS = 100;

type JsonObject = Record<string, unknown>;
/** Takes secrets out of a text. */
type Scrub = (text: string) => string;

/**
 * Makes a `resources/read` result of what a plugin read: a result, a list of contents, one content, or text.
 * `null` when it is none of these, not JSON or too large.
 */
export function fromPluginResource(
  value: unknown,
  uri: string,
  mimeType: string | undefined,
  scrub: Scrub = asItIs,
): { contents: JsonObject[] } | null {
  const answer = asJson(value, scrub);
  if (typeof answer === "string") return { contents: [toContent({ text: answer }, uri, mimeType)] };
  const list: unknown = isJsonObject(answer) ? (answer["contents"] ?? [answer]) : answer;
  if (!Array.isArray(list) || !list.every(isJsonObject)) return null;
  const contents = list.map((item) => toContent(item, uri, mimeType));
  return contents.every(isContent) ? { contents } : null;
}

function toContent(item: JsonObject, uri: string, mimeType: string | undefined): JsonObject {
  return { uri, ...(mimeType !== undefined && { mimeType }), ...item };
}

function isContent({ uri, mimeType, text, blob }: JsonObject): boolean {
  return (
    typeof uri === "string" &&
    (mimeType === undefined || typeof mimeType === "string") &&
    // Out of base64 nothing can be taken: the rest would be none.
    (typeof text === "string" || (typeof blob === "string" && !blob.includes(REDACTED)))
  );
}

/**
 * Makes a `prompts/get` result of a result, or of text, which becomes the user's message. `null` when it is neither,
 * not JSON or too large.
 */
export function fromPluginPrompt(value: unknown, scrub: Scrub = asItIs): JsonObject | null {
  const answer = asJson(value, scrub);
  if (typeof answer === "string") {
    return { messages: [{ role: "user", content: { type: "text", text: answer } }] };
  }
  if (!isJsonObject(answer)) return null;
  const { description, messages } = answer;
  if (description !== undefined && typeof description !== "string") return null;
  return Array.isArray(messages) && messages.every(isMessage) ? answer : null;
}

function isMessage(message: unknown): boolean {
  if (!isJsonObject(message)) return false;
  const { role, content } = message;
  return (
    (role === "user" || role === "assistant") &&
    isJsonObject(content) &&
    contentFault(content) === null
  );
}

/** Makes a `completion/complete` result of a list of values, of which 100 at most may be sent. */
export function fromPluginCompletion(
  value: unknown,
  scrub: Scrub = asItIs,
): { completion: Completion } | null {
  const answer = asJson(value, scrub);
  const completion = Array.isArray(answer) ? { values: answer as unknown[] } : answer;
  if (!isJsonObject(completion)) return null;
  const { values, total, hasMore } = completion;
  if (!Array.isArray(values) || !values.every((entry) => typeof entry === "string")) return null;
  return {
    completion: {
      values: values.slice(0, MAX_COMPLETIONS),
      total: Number.isInteger(total) ? (total as number) : values.length,
      hasMore: typeof hasMore === "boolean" ? hasMore : values.length > MAX_COMPLETIONS,
    },
  };
}

/** The value as a client will see it; `undefined` when it cannot be sent. */
function asJson(value: unknown, scrub: Scrub): unknown {
  const text = toJsonText(value, MAX_RESULT_CHARS);
  return text.ok ? parseJson(scrub(text.value)) : undefined;
}

function asItIs(text: string): string {
  return text;
}
