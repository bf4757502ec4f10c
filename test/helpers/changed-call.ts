import { modernRequest, type ModernRequest } from "./mcp.ts";

export const VERSION = "io.modelcontextprotocol/protocolVersion";
export const INFO = "io.modelcontextprotocol/clientInfo";
export const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
export const LOG_LEVEL = "io.modelcontextprotocol/logLevel";

/** A tool call as it will be sent, to be changed in any way. */
interface CallBody {
  params: { name?: unknown; arguments?: unknown; _meta: Record<string, unknown> } & Record<
    string,
    unknown
  >;
  [member: string]: unknown;
}

export type Change = (body: CallBody, headers: Headers) => void;

/** A correct call of a tool, but for what is changed. */
export function changedCall(change: Change, name = "demo_echo"): ModernRequest {
  const init = modernRequest("tools/call", { name, arguments: { a: 1 } });
  const body = JSON.parse(init.body) as CallBody;
  const headers = new Headers(init.headers);
  change(body, headers);
  return { ...init, headers: Object.fromEntries(headers), body: JSON.stringify(body) };
}

/** The same name in body and header. */
export function setName(body: CallBody, headers: Headers, name: string): void {
  body.params.name = name;
  headers.set("mcp-name", name);
}
