import type { HostCall } from "../types/host.ts";
import type { LogLevel, PluginContext } from "../types/plugin.ts";
import { isJsonObject } from "../util/json-object.ts";
import { ok, refuse, type Result } from "../util/result.ts";
import { isWireError, type WireError } from "./wire-error.ts";

/**
 * What a server and a plugin outside of its thread say to each other, whatever carries it. Each message is one JSON
 * text, so values are JSON by construction and the size is known before anything is parsed. `id` names the request of
 * the server's that a message belongs to; for `ask` and `reply`, the plugin's.
 */
export type HostMessage =
  | {
      readonly type: "load";
      readonly id: number;
      readonly instanceId: string;
      readonly entry: string;
    }
  | { readonly type: "initialize"; readonly id: number; readonly config: unknown }
  | { readonly type: "start" | "stop" | "cleanup" | "catalog"; readonly id: number }
  | { readonly type: "call"; readonly id: number; readonly call: HostCall }
  | { readonly type: "cancel"; readonly id: number; readonly reason: WireError }
  | { readonly type: "reply"; readonly id: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly error: WireError }
  | { readonly type: "ping" };

/** From the plugin's side. The server believes none of it before its shape has been checked. */
export type PluginMessage =
  | { readonly type: "answer"; readonly id: number; readonly value?: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: WireError }
  | {
      readonly type: "progress";
      readonly id: number;
      readonly progress: number;
      readonly total?: number;
      readonly message?: string;
    }
  | {
      readonly type: "call-log";
      readonly id: number;
      readonly level: LogLevel;
      readonly data: unknown;
    }
  | { readonly type: "close-stream"; readonly id: number }
  | {
      readonly type: "log";
      readonly level: RecordLevel;
      readonly message: string;
      readonly fields: Record<string, unknown>;
    }
  | {
      readonly type: "ask";
      readonly id: number;
      readonly service: ServiceName;
      readonly args: readonly string[];
    }
  /** Nobody waits for the answer to an `ask` any more. */
  | { readonly type: "cancel-ask"; readonly id: number }
  | { readonly type: "changed"; readonly list: ListName }
  | { readonly type: "resource-updated"; readonly uri: string }
  /** Files that the plugin's code consists of, as `file:` URLs. */
  | { readonly type: "modules"; readonly urls: readonly string[] }
  | ({ readonly type: "fatal" } & FatalCause)
  | { readonly type: "pong" };

/** Why the plugin's side cannot go on. */
export type FatalCause =
  | { readonly cause: "exception" | "rejection"; readonly error: WireError }
  | { readonly cause: "flood" };

export type RecordLevel = "debug" | "info" | "warn" | "error";
export type ListName = Parameters<PluginContext["changed"]>[0];

/** The services that answer, with the number of texts that each takes. */
export const SERVICES = {
  getCredential: 1,
  setCredential: 2,
  /** The request as JSON. */
  signJwt: 1,
  getAccessToken: 0,
  isAuthenticated: 0,
  getTokenInfo: 0,
  /** The refused token; empty for the one that was given last. */
  requireReauth: 1,
  /** The request as JSON, and its body as base64. */
  fetch: 2,
} as const;
export type ServiceName = keyof typeof SERVICES;

/** Characters of one message from a plugin; a result may have half of that. */
export const MAX_MESSAGE_CHARS = 8 * 1024 * 1024;
/** Questions of a plugin's that may wait for their answers. */
export const MAX_PENDING_ASKS = 1_000;

const RECORD_LEVELS: readonly unknown[] = [
  "debug",
  "info",
  "warn",
  "error",
] satisfies RecordLevel[];
const LISTS: readonly unknown[] = ["tools", "resources", "prompts"] satisfies ListName[];

type Shape = (message: Record<string, unknown>) => boolean;

const SHAPES: Readonly<Record<PluginMessage["type"], Shape>> = {
  answer: ({ id }) => isId(id),
  failure: ({ id, error }) => isId(id) && isWireError(error),
  progress: ({ id, progress, total, message }) =>
    isId(id) &&
    typeof progress === "number" &&
    (total === undefined || typeof total === "number") &&
    (message === undefined || typeof message === "string"),
  "call-log": ({ id, level }) => isId(id) && typeof level === "string",
  "close-stream": ({ id }) => isId(id),
  log: ({ level, message, fields }) =>
    RECORD_LEVELS.includes(level) && typeof message === "string" && isJsonObject(fields),
  ask: ({ id, service, args }) =>
    isId(id) && isServiceName(service) && isTextList(args) && args.length === SERVICES[service],
  "cancel-ask": ({ id }) => isId(id),
  changed: ({ list }) => LISTS.includes(list),
  "resource-updated": ({ uri }) => typeof uri === "string",
  modules: ({ urls }) => isTextList(urls) && urls.every((url) => url.startsWith("file:")),
  fatal: ({ cause, error }) =>
    cause === "flood" || ((cause === "exception" || cause === "rejection") && isWireError(error)),
  pong: () => true,
};

/** Reads what came from a plugin's side; says what is wrong with it, to go on after "It sent a message that". */
export function parsePluginMessage(data: unknown): Result<PluginMessage, string> {
  if (typeof data !== "string") return refuse("is no text");
  if (data.length > MAX_MESSAGE_CHARS) {
    return refuse(`is longer than ${MAX_MESSAGE_CHARS} characters (${data.length})`);
  }
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return refuse("is no JSON");
  }
  if (!isJsonObject(message)) return refuse("is no object");
  const { type } = message;
  if (typeof type !== "string" || !Object.hasOwn(SHAPES, type))
    return refuse("is of no known type");
  const known = type as PluginMessage["type"];
  return SHAPES[known](message)
    ? ok(message as unknown as PluginMessage)
    : refuse(`is malformed, of type "${known}"`);
}

/** The text of an `answer` around a value that is JSON text already: values are large, and become text once. */
export function answerMessage(id: number, value: string): string {
  return `{"type":"answer","id":${id},"value":${value}}`;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isServiceName(value: unknown): value is ServiceName {
  return typeof value === "string" && Object.hasOwn(SERVICES, value);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
