import { ok, refuse, type Result } from "../util/result.ts";

/** Characters of JSON text in one result. */
export const MAX_RESULT_CHARS = 4 * 1024 * 1024;

/** A `tools/call` result as both protocol eras know it. */
export interface ToolResult {
  readonly content: readonly Record<string, unknown>[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** A result that is known to be JSON of a bearable size, with its text, which is made only once. */
export interface SerializedResult {
  readonly result: ToolResult;
  readonly json: string;
}

/**
 * Makes an MCP result of whatever a tool returned: an MCP result stays, an object becomes structured content with
 * its text, a string becomes text, nothing becomes an empty result.
 *
 * Refuses what is not JSON (cycles, BigInt), too large, or not valid MCP content; the reason is for the log.
 */
export function toToolResult(
  value: unknown,
  hasOutputSchema: boolean,
): Result<SerializedResult, string> {
  try {
    const result = project(value, hasOutputSchema);
    const fault = result.content.map(contentFault).find((found) => found !== null);
    return fault === undefined ? serialize(result) : refuse(fault);
  } catch (error) {
    return refuse(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An answer that tells the model what went wrong. */
export function errorResult(message: string, data?: unknown): SerializedResult {
  const plain: ToolResult = { content: [{ type: "text", text: message }], isError: true };
  if (data === undefined) return { result: plain, json: JSON.stringify(plain) };
  try {
    const withData = serialize({ ...plain, structuredContent: asObject(data) });
    if (withData.ok) return withData.value;
  } catch {
    // The message matters more than data that cannot be sent.
  }
  return { result: plain, json: JSON.stringify(plain) };
}

function serialize(result: ToolResult): Result<SerializedResult, string> {
  const json = JSON.stringify(result);
  return json.length > MAX_RESULT_CHARS
    ? refuse(`is larger than ${MAX_RESULT_CHARS} characters`)
    : ok({ result, json });
}

function project(value: unknown, hasOutputSchema: boolean): ToolResult {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === "string" && !hasOutputSchema) return { content: [textBlock(value)] };
  if (isMcpResult(value)) {
    const { content, structuredContent, isError, _meta } = value;
    const blocks =
      structuredContent !== undefined && content.length === 0
        ? [textBlock(toJsonText(structuredContent))]
        : content;
    return {
      content: blocks,
      ...(structuredContent !== undefined && { structuredContent }),
      ...(isError === true && { isError }),
      ...(_meta !== undefined && { _meta }),
    };
  }
  const text = typeof value === "string" ? value : toJsonText(value);
  const structured = hasOutputSchema || (typeof value === "object" && !Array.isArray(value));
  return {
    content: [textBlock(text)],
    ...(structured && { structuredContent: value }),
  };
}

function isMcpResult(value: unknown): value is ToolResult {
  const content = (value as { content?: unknown }).content;
  return (
    Array.isArray(content) &&
    content.every((block) => typeof (block as { type?: unknown } | null)?.type === "string") &&
    Object.keys(value as object).every((key) => RESULT_KEYS.has(key))
  );
}

const RESULT_KEYS = new Set(["content", "structuredContent", "isError", "_meta", "resultType"]);

function textBlock(text: string): Record<string, unknown> {
  return { type: "text", text };
}

function toJsonText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
  return text;
}

function asObject(data: unknown): unknown {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? data : { data };
}

function contentFault(block: Record<string, unknown>): string | null {
  const lacks = REQUIRED_TEXTS[String(block["type"])]?.filter(
    (key) => typeof block[key] !== "string",
  );
  if (lacks === undefined)
    return `has content of the unknown type ${JSON.stringify(block["type"])}`;
  if (lacks.length > 0) return `has ${String(block["type"])} content without ${lacks.join(", ")}`;
  if (block["type"] !== "resource") return null;
  const resource = block["resource"] as Record<string, unknown> | null | undefined;
  return typeof resource?.["uri"] === "string" &&
    (typeof resource["text"] === "string" || typeof resource["blob"] === "string")
    ? null
    : "has a resource without uri and text or blob";
}

/** Members that a content block of each type must have as strings. */
const REQUIRED_TEXTS: Readonly<Record<string, readonly string[] | undefined>> = Object.assign(
  Object.create(null) as Record<string, readonly string[]>,
  {
    text: ["text"],
    image: ["data", "mimeType"],
    audio: ["data", "mimeType"],
    resource_link: ["uri", "name"],
    resource: [],
  },
);
