import { pause, type PluginContext, type ToolError } from "mcp-plugin-server/plugin";
import { AnswerCache } from "./answer-cache.ts";
import { UnexpectedAnswer } from "./read-answer.ts";
import { notAllowed, toRefusal, unavailable, unexpected } from "./refusals.ts";
import { getJson, hideKey, NotAllowed, type ServiceAnswer } from "./request.ts";
import type { Settings } from "./settings.ts";

const RETRY_AFTER_MS = 200;

export interface ServiceQuestion<T> {
  /** Such as `data/2.5/weather`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Takes what is needed out of the answer. @throws UnexpectedAnswer */
  readonly parse: (answer: unknown) => T;
  /** What to tell a person when the service does not know what was asked for. */
  readonly notFound: string;
}

export interface Client {
  /**
   * The parsed answer, from the cache if it is there. A broken service or network is tried a second time.
   *
   * @throws ToolError that says what to do, and never holds the key
   * @throws the signal's reason when it aborts
   */
  ask<T>(question: ServiceQuestion<T>, signal: AbortSignal): Promise<T>;
}

export interface ClientDeps {
  readonly settings: Settings;
  /** A secret: it goes into requests, and never into a text. @throws ToolError while there is none */
  readonly apiKey: () => Promise<string>;
  readonly context: Pick<PluginContext, "logger" | "fetch">;
  /** Milliseconds. */
  readonly now: () => number;
}

/** @throws TypeError for an address that is none */
export function createClient({ settings, apiKey, context, now }: ClientDeps): Client {
  const { timeoutMs } = settings;
  const base = new URL(`${settings.baseUrl.replace(/\/+$/, "")}/`);
  const cache = new AnswerCache(now);

  /** The log tells the administrator more than the error tells the person. */
  const fail = (
    path: string,
    reason: string,
    error: ToolError,
    level: "info" | "warn" = "warn",
  ): ToolError => {
    context.logger[level]("A request to OpenWeatherMap failed", { path, reason });
    return error;
  };

  const request = async (url: URL, path: string, signal: AbortSignal): Promise<ServiceAnswer> => {
    signal.throwIfAborted();
    const key = await apiKey();
    const timeUp = AbortSignal.timeout(timeoutMs);
    const ended = AbortSignal.any([signal, timeUp]);
    try {
      return await withSecondTry(() => getJson(context, url, key, ended), ended);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UnexpectedAnswer) throw fail(path, error.message, unexpected());
      if (error instanceof NotAllowed) throw fail(path, error.message, notAllowed());
      if (!timeUp.aborted) {
        const reason = hideKey(reasonOf(error), key);
        throw fail(path, reason, unavailable("it cannot be reached"));
      }
      const reason = `it did not answer in ${timeoutMs} ms`;
      throw fail(path, reason, unavailable(reason));
    }
  };

  return {
    async ask<T>({ path, query, parse, notFound }: ServiceQuestion<T>, signal: AbortSignal) {
      const url = new URL(path, base);
      url.search = new URLSearchParams(query).toString();
      const known = cache.get(url.href);
      // What stands there came from the same path, and so from the same `parse`.
      if (known !== undefined) return known as T;
      const answer = await request(url, path, signal);
      const { status, body } = answer;
      if (status !== 200) {
        // A place that is not known is most often the asker's mistake.
        const level = status === 404 ? "info" : "warn";
        throw fail(path, `status ${status}`, toRefusal(answer, notFound), level);
      }
      if (body === undefined) throw fail(path, "not JSON", unexpected());
      try {
        const value = parse(body);
        cache.set(url.href, value);
        return value;
      } catch (error) {
        if (error instanceof UnexpectedAnswer) throw fail(path, error.message, unexpected());
        throw error;
      }
    },
  };
}

/** Once more, after a moment, when the service is broken or the network failed. */
async function withSecondTry(
  get: () => Promise<ServiceAnswer>,
  ended: AbortSignal,
): Promise<ServiceAnswer> {
  try {
    const answer = await get();
    if (answer.status < 500) return answer;
  } catch (error) {
    if (error instanceof UnexpectedAnswer || error instanceof NotAllowed) throw error;
  }
  await pause(RETRY_AFTER_MS, ended);
  return get();
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
