import { messageOf, stackOf } from "../errors.ts";
import type { HostServices } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { OAuthToken } from "../types/oauth.ts";
import { assertCredentialName, assertCredentialValue } from "../util/credential-names.ts";
import { isJsonObject } from "../util/json-object.ts";
import { toJsonText } from "../util/json-text.ts";
import { fromFetchReply, toFetchTexts } from "./fetch-wire.ts";
import {
  MAX_PENDING_ASKS,
  type ListName,
  type PluginMessage,
  type RecordLevel,
  type ServiceName,
} from "./host-messages.ts";

/** Characters of one log record's message, and of its fields' text. */
const MAX_LOG_MESSAGE_CHARS = 16 * 1024;
const MAX_LOG_FIELDS_CHARS = 64 * 1024;
/** More than the server takes: it says so in its own words. */
const MAX_JWT_REQUEST_CHARS = 64 * 1024;

export interface Asks {
  ask(service: ServiceName, ...args: unknown[]): Promise<unknown>;
  /** The same, until the signal aborts: then the server is told to let go of it. */
  askUntil(
    signal: AbortSignal | undefined,
    service: ServiceName,
    ...args: unknown[]
  ): Promise<unknown>;
  /** The server's answer to a question that waits. */
  settle(id: number, settle: (waiting: PromiseWithResolvers<unknown>) => void): void;
}

/** The questions that a plugin has put to the server. */
export function createAsks(send: (message: PluginMessage) => void): Asks {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  const open = (service: ServiceName, args: readonly unknown[]) => {
    const texts = args.filter((arg) => typeof arg === "string");
    if (texts.length < args.length) throw new TypeError(`${service}() takes texts.`);
    if (waiting.size >= MAX_PENDING_ASKS) {
      throw new Error(`${MAX_PENDING_ASKS} questions to the server wait for their answers.`);
    }
    const id = ++lastId;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    send({ type: "ask", id, service, args: texts });
    return { id, answer };
  };
  return {
    ask: async (service, ...args) => open(service, args).answer.promise,
    async askUntil(signal, service, ...args) {
      signal?.throwIfAborted();
      const { id, answer } = open(service, args);
      const cancel = () => {
        waiting.delete(id);
        send({ type: "cancel-ask", id });
        answer.reject(signal!.reason);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        return await answer.promise;
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    },
    settle(id, settle) {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (asked !== undefined) settle(asked);
    },
  };
}

/** What the host does for the plugin, as seen from the plugin's side: every method is a message. */
export function createGuestServices(
  asks: Asks,
  tell: (message: PluginMessage) => void,
): HostServices {
  return {
    logger: createGuestLogger(tell),
    async getCredential(key) {
      assertCredentialName(key);
      return asks.ask("getCredential", key) as Promise<string | null>;
    },
    async setCredential(key, value) {
      assertCredentialName(key);
      assertCredentialValue(value);
      await asks.ask("setCredential", key, value);
    },
    async signJwt(request) {
      const text = toJsonText(request, MAX_JWT_REQUEST_CHARS);
      if (!text.ok) throw new TypeError(`The request ${text.reason}.`);
      return asks.ask("signJwt", text.value) as Promise<string>;
    },
    getAccessToken: () => asks.ask("getAccessToken") as Promise<string>,
    isAuthenticated: () => asks.ask("isAuthenticated") as Promise<boolean>,
    getTokenInfo: () => asks.ask("getTokenInfo") as Promise<OAuthToken | null>,
    requireReauth: (refused = "") => asks.ask("requireReauth", refused) as Promise<string>,
    async fetch(url, init = {}) {
      const [head, body] = toFetchTexts(url, init);
      return fromFetchReply(await asks.askUntil(init.signal, "fetch", head, body));
    },
    // The server reads all lists again, so a name that is none does no harm.
    changed: (list) => tell({ type: "changed", list: toListName(list) }),
    resourceUpdated(uri: unknown) {
      if (typeof uri === "string") tell({ type: "resource-updated", uri });
    },
  };
}

function createGuestLogger(
  tell: (message: PluginMessage) => void,
  bound: Record<string, unknown> = {},
): Logger {
  const write =
    (level: RecordLevel) =>
    (message: unknown, fields?: unknown): void =>
      tell({
        type: "log",
        level,
        message: shorten(typeof message === "string" ? message : stackOf(message)),
        fields: { ...toFields(fields), ...bound },
      });
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createGuestLogger(tell, { ...toFields(fields), ...bound }),
  };
}

/** Fields as JSON. What a logger in the server's own thread can show, an error or a BigInt, is shown here, too. */
function toFields(fields: unknown): Record<string, unknown> {
  if (fields === undefined) return {};
  try {
    if (fields instanceof Error) return { error: shorten(stackOf(fields)) };
    const text = JSON.stringify(fields, showable) as string | undefined;
    if (text === undefined) return {};
    if (text.length > MAX_LOG_FIELDS_CHARS) return { unreadableFields: "too large" };
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : { field: value };
  } catch (error) {
    return { unreadableFields: shorten(messageOf(error)) };
  }
}

function showable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return stackOf(value);
  return typeof value === "bigint" ? String(value) : value;
}

function shorten(text: string): string {
  return text.length > MAX_LOG_MESSAGE_CHARS ? `${text.slice(0, MAX_LOG_MESSAGE_CHARS)}…` : text;
}

function toListName(list: unknown): ListName {
  return list === "resources" || list === "prompts" ? list : "tools";
}
