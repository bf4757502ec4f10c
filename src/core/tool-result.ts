import { SERVER_INFO_META_KEY, specTypeSchemas } from "@modelcontextprotocol/server";
import { messageOf } from "../errors.ts";
import { toJsonText } from "../util/json-text.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { isJsonObject } from "../util/json-object.ts";
import { parseJson } from "../util/parse-json.ts";

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
    const projected = project(value, hasOutputSchema);
    if (!projected.ok) return projected;
    const checked = checkResult(projected.value);
    return checked.ok ? serialize(checked.value) : checked;
  } catch (error) {
    // A getter or a proxy of the plugin's.
    return refuse(`is not JSON: ${messageOf(error)}`);
  }
}

/**
 * An answer that tells the model what went wrong. Its data stands there as text, and as structured content unless the
 * tool has an output schema, which holds for its successes: the official v1 client checks errors against it, too.
 */
export function errorResult(
  message: string,
  data?: unknown,
  hasOutputSchema = false,
): SerializedResult {
  const words = message.slice(0, MAX_RESULT_CHARS);
  const plain: ToolResult = { content: [textBlock(words)], isError: true };
  const text = data === undefined ? null : toJsonText(data, MAX_RESULT_CHARS);
  // The message matters more than data that cannot be sent.
  if (text === null || !text.ok) return { result: plain, json: JSON.stringify(plain) };
  const result: ToolResult = {
    ...plain,
    content: [...plain.content, textBlock(text.value)],
    ...(!hasOutputSchema && { structuredContent: asObject(JSON.parse(text.value)) }),
  };
  return { result, json: JSON.stringify(result) };
}

/**
 * The result without what `scrub` takes out of its text; checked again when that was anything. Refuses what cannot be sent
 * without it.
 */
export function scrubResult(
  made: SerializedResult,
  hasOutputSchema: boolean,
  scrub: (text: string) => string,
): Result<SerializedResult, string> {
  const json = scrub(made.json);
  if (json === made.json) return ok(made);
  const clean = parseJson(json);
  return clean === undefined
    ? refuse("cannot be freed of a credential")
    : toToolResult(clean, hasOutputSchema);
}

function serialize(result: ToolResult): Result<SerializedResult, string> {
  const json = toJsonText(result, MAX_RESULT_CHARS);
  return json.ok ? ok({ result, json: json.value }) : json;
}

function project(value: unknown, hasOutputSchema: boolean): Result<ToolResult, string> {
  if (value === undefined || value === null) return ok({ content: [] });
  if (typeof value === "string" && !hasOutputSchema) return ok({ content: [textBlock(value)] });
  if (isMcpResult(value)) return projectResult(value);
  const text = typeof value === "string" ? ok(value) : toJsonText(value, MAX_RESULT_CHARS);
  if (!text.ok) return text;
  const structured = hasOutputSchema || (typeof value === "object" && !Array.isArray(value));
  return ok({
    content: [textBlock(text.value)],
    ...(structured && { structuredContent: value }),
  });
}

function projectResult({
  content,
  structuredContent,
  isError,
  _meta,
}: ToolResult): Result<ToolResult, string> {
  const rest = {
    ...(structuredContent !== undefined && { structuredContent }),
    ...(isError === true && { isError }),
    ...(_meta !== undefined && { _meta }),
  };
  if (structuredContent === undefined || hasText(content, structuredContent)) {
    return ok({ content, ...rest });
  }
  const text = toJsonText(structuredContent, MAX_RESULT_CHARS);
  return text.ok ? ok({ content: [...content, textBlock(text.value)], ...rest }) : text;
}

/** Whether a client that does not read structured content gets something: of a list or a number, only text will do. */
function hasText(content: ToolResult["content"], structuredContent: unknown): boolean {
  return isJsonObject(structuredContent)
    ? content.length > 0
    : content.some(({ type }) => type === "text");
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

function asObject(data: unknown): unknown {
  return isJsonObject(data) ? data : { data };
}

/** Every path to a client sends the same: blocks as the protocol has them, and no word about who the server is. */
function checkResult({ content, _meta, ...rest }: ToolResult): Result<ToolResult, string> {
  if (_meta !== undefined && !isJsonObject(_meta))
    return refuse("has a _meta that is not an object");
  const blocks: Record<string, unknown>[] = [];
  for (const block of content) {
    const checked = checkContent(block);
    if (!checked.ok) return checked;
    blocks.push(checked.value);
  }
  if (_meta === undefined) return ok({ content: blocks, ...rest });
  const meta = Object.entries(_meta).filter(([key]) => !NOT_FOR_PLUGINS.has(key));
  return ok({ content: blocks, ...rest, _meta: Object.fromEntries(meta) });
}

const NOT_FOR_PLUGINS: ReadonlySet<string> = new Set([SERVER_INFO_META_KEY, "__proto__"]);

/** Why a content block of a tool result or a prompt message is none, or `null`. */
export function contentFault(block: Readonly<Record<string, unknown>>): string | null {
  const checked = checkContent(block);
  return checked.ok ? null : checked.reason;
}

/** The block without what the protocol does not know. */
function checkContent(
  block: Readonly<Record<string, unknown>>,
): Result<Record<string, unknown>, string> {
  if (isPlainText(block)) return ok(block);
  // What a client will see, which a block with a toJSON of its own decides for itself.
  const text = toJsonText(block, MAX_RESULT_CHARS);
  if (!text.ok) return text;
  const copy: unknown = JSON.parse(text.value);
  if (!isJsonObject(copy)) return refuse("has content that is no object");
  const fault = memberFault(copy);
  if (fault !== null) return refuse(fault);
  const checked = specTypeSchemas.ContentBlock["~standard"].validate(copy);
  return checked.issues === undefined
    ? ok(checked.value)
    : refuse(`has ${String(copy["type"])} content that is not as the protocol has it`);
}

/** Nearly every block there is: it needs no look into the protocol's schema. */
function isPlainText(block: Readonly<Record<string, unknown>>): boolean {
  return (
    block["type"] === "text" &&
    typeof block["text"] === "string" &&
    Object.keys(block).length === 2 &&
    !("toJSON" in block)
  );
}

/** Names what the schema would only call a union without a match. */
function memberFault(block: Readonly<Record<string, unknown>>): string | null {
  const type = String(block["type"]);
  const lacks = REQUIRED_TEXTS.get(type)?.filter((key) => typeof block[key] !== "string");
  if (lacks === undefined) return `has content of the unknown type ${JSON.stringify(type)}`;
  if (lacks.length > 0) return `has ${type} content without ${lacks.join(", ")}`;
  if (type !== "resource") return null;
  const resource = block["resource"] as Record<string, unknown> | null | undefined;
  return typeof resource?.["uri"] === "string" &&
    (typeof resource["text"] === "string" || typeof resource["blob"] === "string")
    ? null
    : "has a resource without uri and text or blob";
}

/** Members that a content block of each type must have as strings. */
const REQUIRED_TEXTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["text", ["text"]],
  ["image", ["data", "mimeType"]],
  ["audio", ["data", "mimeType"]],
  ["resource_link", ["uri", "name"]],
  ["resource", []],
]);
