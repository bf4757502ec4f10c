import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import type { ClientInfo } from "../types/plugin.ts";
import type { CatalogTool } from "./plugin-catalog.ts";
import type { Catalog } from "./tool-catalog.ts";
import { isJsonObject } from "../util/json-object.ts";

export const REVISION = "2026-07-28";
const MESSAGE_KEYS = new Set(["jsonrpc", "id", "method", "params"]);
const PARAM_KEYS = new Set(["name", "arguments", "_meta"]);

/**
 * An ordinary 2026-07-28 tool call, read. When its answer asks back, request and answer go to the SDK after all: questions
 * have rules of their own (capabilities, shapes).
 */
export interface ShortCall {
  readonly id: string | number;
  readonly tool: CatalogTool;
  readonly args: unknown;
  readonly client: ClientInfo;
  /** `_meta` as it was sent. */
  readonly meta: unknown;
}

/**
 * Recognises the ordinary tool call of an HTTP request, the one that needs nothing but an answer: every header and member
 * as the specification has it, no progress or log asked for, no input carried. `null` for everything else, which the SDK
 * serves, so that no rule of the protocol is written here a second time: what deviates in the least goes the long way
 * and gets its error there.
 */
export function readShortCall(headers: Headers, body: unknown, catalog: Catalog): ShortCall | null {
  const call = readOrdinaryCall(body, catalog);
  if (call === null || call.tool.hasHeaderParams) return null;
  return namesRevision(headers, call.tool.name) ? call : null;
}

/** The same of a message by itself, where none has headers. */
export function readOrdinaryCall(body: unknown, catalog: Catalog): ShortCall | null {
  if (!isJsonObject(body) || body["jsonrpc"] !== "2.0" || body["method"] !== "tools/call")
    return null;
  const { id, params } = body;
  if (typeof id !== "string" && !Number.isSafeInteger(id)) return null;
  if (!hasOnly(body, MESSAGE_KEYS) || !isJsonObject(params) || !hasOnly(params, PARAM_KEYS))
    return null;

  const { name, _meta: meta } = params;
  const args = params["arguments"];
  if (typeof name !== "string" || !(args === undefined || isArguments(args))) return null;
  if (!isJsonObject(meta)) return null;
  const client = readClient(meta);
  const tool = catalog.tools.get(name);
  if (client === null || tool === undefined) return null;
  return { id: id as string | number, tool, args, client, meta };
}

function namesRevision(headers: Headers, name: string): boolean {
  return (
    headers.get("mcp-protocol-version") === REVISION &&
    headers.get("mcp-method") === "tools/call" &&
    headers.get("mcp-name") === name
  );
}

function readClient(meta: Record<string, unknown>): ClientInfo | null {
  const capabilities = meta[CLIENT_CAPABILITIES_META_KEY];
  const info = meta[CLIENT_INFO_META_KEY];
  if (meta[PROTOCOL_VERSION_META_KEY] !== REVISION || !isJsonObject(capabilities)) return null;
  if (!areCapabilities(capabilities)) return null;
  if (meta["progressToken"] !== undefined || meta[LOG_LEVEL_META_KEY] !== undefined) return null;
  if (info === undefined) {
    return { protocolVersion: REVISION, name: null, version: null, capabilities };
  }
  if (!isJsonObject(info) || info["icons"] !== undefined) return null;
  const { name, version } = info;
  if (typeof name !== "string" || typeof version !== "string") return null;
  if (INFO_TEXTS.some((key) => info[key] !== undefined && typeof info[key] !== "string")) {
    return null;
  }
  return { protocolVersion: REVISION, name, version, capabilities };
}

const INFO_TEXTS = ["title", "description", "websiteUrl"];

/** Objects of objects, but for the two settings that are booleans. What else there may be is for the SDK to judge. */
function areCapabilities(capabilities: Record<string, unknown>): boolean {
  for (const [name, capability] of Object.entries(capabilities)) {
    if (!isJsonObject(capability)) return false;
    for (const setting of Object.values(capability)) {
      if (name === "roots") {
        if (typeof setting !== "boolean") return false;
      } else if (!isJsonObject(setting) || Object.hasOwn(setting, "applyDefaults")) {
        return false;
      }
    }
  }
  return true;
}

/** The SDK drops an argument of that name, and so must not be passed by. */
function isArguments(args: unknown): boolean {
  return isJsonObject(args) && !Object.hasOwn(args, "__proto__");
}

function hasOnly(object: Record<string, unknown>, keys: ReadonlySet<string>): boolean {
  for (const key in object) if (!keys.has(key)) return false;
  return true;
}
