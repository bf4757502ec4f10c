import { ToolError } from "mcp-plugin-server/plugin";

/** A path below the setting `baseUrl`. Made by `apiPath` alone, so that nothing in it is unencoded. */
export class ApiPath {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static of(texts: TemplateStringsArray, values: readonly PathValue[]): ApiPath {
    return new ApiPath(String.raw({ raw: texts }, ...values.map(encode)));
  }
}

type PathValue = string | number | readonly string[];

/**
 * Makes a path of a template. Each value is encoded, so that it is one segment, or as many as a list has.
 *
 * @throws ToolError for a segment that would lead elsewhere
 */
export function apiPath(texts: TemplateStringsArray, ...values: readonly PathValue[]): ApiPath {
  return ApiPath.of(texts, values);
}

function encode(value: PathValue): string {
  return typeof value === "object" ? value.map(encodeSegment).join("/") : encodeSegment(value);
}

function encodeSegment(value: string | number): string {
  const text = String(value);
  // An address takes "." and ".." away, and whatever stands before the latter.
  if (text === "" || text === "." || text === ".." || !text.isWellFormed()) {
    throw new ToolError('Names and paths must have no empty part, no "." and no "..".');
  }
  return encodeURIComponent(text);
}
