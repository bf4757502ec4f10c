import { pause, type ToolError } from "mcp-plugin-server/plugin";
import type { AnswerCache, CacheKey } from "./answer-cache.ts";
import { fingerprint, hideToken, type Token } from "./auth.ts";
import type { Context, Question } from "./client.ts";
import { pauseAfter } from "./pauses.ts";
import { readRateLimit, resourceOf, type RateGate, type RateLimit } from "./rate-limits.ts";
import {
  limited,
  nameOf,
  tooLarge,
  toRefusal,
  unavailable,
  unexpected,
  type Whom,
} from "./refusals.ts";
import { send, toJson, type ServiceAnswer } from "./request.ts";
import { readError } from "./service-error.ts";
import { UnexpectedAnswer } from "./unexpected-answer.ts";

const MAX_BYTES = 4 * 1024 * 1024;
const JSON_TYPE = "application/vnd.github+json";

/** What is known from earlier questions. */
export interface State {
  readonly cache: AnswerCache;
  readonly gate: RateGate;
  readonly now: () => number;
}

/** One question on its way. */
export class Asking<T> {
  readonly #question: Question<T>;
  readonly #context: Context;
  readonly #state: State;
  readonly #url: URL;
  readonly #service: string;
  readonly #timeUp: AbortSignal;
  readonly #deadline: number;

  constructor(question: Question<T>, context: Context, state: State) {
    const { baseUrl, timeoutMs } = context.config;
    this.#question = question;
    this.#context = context;
    this.#state = state;
    this.#url = toUrl(baseUrl, question);
    this.#service = nameOf(baseUrl);
    this.#timeUp = AbortSignal.timeout(timeoutMs);
    this.#deadline = state.now() + timeoutMs;
  }

  /** `null` when GitHub does not take the token. */
  async get(token: Token): Promise<{ readonly value: T } | null> {
    const { call } = this.#context;
    const { gate, now } = this.#state;
    const whom = this.#whom(token);
    const owner = await fingerprint(token);
    const resource = resourceOf(this.#question.path.text);
    const isRepeatable = this.#question.body === undefined;
    for (let tries = 1; ; tries += 1) {
      const known = gate.find(owner, resource, now());
      if (known !== null) throw limited(known, whom);
      const outcome = await this.#exchange(token, owner);
      if (!(outcome instanceof Error)) {
        const { status } = outcome;
        if (status === 401) return null;
        if (status >= 200 && status < 300) return { value: this.#read(outcome, token) };
      }
      const limit = outcome instanceof Error ? null : this.#limitOf(outcome, token);
      const ms = tries > 1 ? null : pauseAfter(outcome, limit, isRepeatable);
      if (ms === null || now() + ms >= this.#deadline) {
        if (limit !== null) gate.block(owner, resource, limit, now());
        throw this.#fail(outcome, limit, token);
      }
      await pause(ms, AbortSignal.any([call.signal, this.#timeUp])).catch((error: unknown) => {
        call.signal.throwIfAborted();
        throw error;
      });
    }
  }

  refuseToken(token: Token): ToolError {
    const answer = { status: 401, headers: new Headers() };
    const { what } = this.#question;
    this.#log("status 401", "warn");
    return toRefusal(answer, { message: null, details: [] }, what, this.#whom(token));
  }

  /** What GitHub answered, or why there is no answer. */
  async #exchange(token: Token, owner: string): Promise<ServiceAnswer | Error> {
    const { accept = JSON_TYPE, body, maxBytes = MAX_BYTES } = this.#question;
    const { call, plugin } = this.#context;
    const { cache, now } = this.#state;
    const method = body === undefined ? "GET" : "POST";
    const key: CacheKey = { owner, accept, url: this.#url.href };
    const known = method === "GET" ? cache.find(key) : null;
    const signal = AbortSignal.any([call.signal, this.#timeUp]);
    let answer: ServiceAnswer;
    try {
      answer = await send(plugin, {
        url: this.#url,
        method,
        accept,
        body,
        token,
        maxBytes,
        signal,
        etag: known?.etag ?? null,
        timeoutMs: Math.max(1, this.#deadline - now()),
      });
    } catch (error) {
      call.signal.throwIfAborted();
      if (error instanceof UnexpectedAnswer) throw this.#unexpected(error);
      const code = codeOf(error);
      // The server's own sentence says which of its rules it was.
      if (code === "OUTBOUND_REFUSED") throw error;
      if (code === "OUTBOUND_TOO_LARGE") {
        this.#log(`more than ${maxBytes} bytes`, "info");
        throw tooLarge(this.#question.what);
      }
      return error instanceof Error ? error : new Error("unknown");
    }
    // What is new in it, such as the limits, does not matter to what was asked for.
    if (answer.status === 304 && known !== null) return known.answer;
    if (method === "GET" && answer.status === 200) cache.keep(key, answer);
    return answer;
  }

  #read(answer: ServiceAnswer, token: Token): T {
    try {
      return this.#question.read(answer, token);
    } catch (error) {
      throw error instanceof UnexpectedAnswer ? this.#unexpected(error) : error;
    }
  }

  #unexpected({ message }: UnexpectedAnswer): ToolError {
    this.#log(message, "warn");
    return unexpected(this.#service, this.#question.body !== undefined);
  }

  #limitOf(answer: ServiceAnswer, token: Token): RateLimit | null {
    return readRateLimit(answer, readError(toJson(answer, token)).message, this.#state.now());
  }

  #fail(outcome: ServiceAnswer | Error, limit: RateLimit | null, token: Token): ToolError {
    const whom = this.#whom(token);
    const isChange = this.#question.body !== undefined;
    if (outcome instanceof Error) {
      const late = `it did not answer in ${this.#context.config.timeoutMs} ms`;
      const isLate = this.#timeUp.aborted || this.#state.now() >= this.#deadline;
      this.#log(isLate ? late : hideToken(reasonOf(outcome), token), "warn");
      return unavailable(whom.service, isLate ? late : "the request to it failed", isChange);
    }
    const { status } = outcome;
    // What is not there is most often the asker's mistake.
    this.#log(`status ${status}`, status === 404 || status === 422 ? "info" : "warn", outcome);
    if (limit !== null) return limited(limit, whom);
    if (status >= 500) {
      return unavailable(whom.service, `it answers with status ${status}`, isChange);
    }
    if (status === 304) return unexpected(whom.service);
    return toRefusal(outcome, readError(toJson(outcome, token)), this.#question.what, whom);
  }

  #whom({ kind }: Token): Whom {
    return { service: this.#service, pluginId: this.#context.plugin.pluginId, kind };
  }

  /** The log tells the administrator more than the error tells the person. */
  #log(reason: string, level: "info" | "warn", answer?: ServiceAnswer): void {
    const requestId = answer?.headers.get("x-github-request-id") ?? null;
    this.#context.plugin.logger[level]("A request to GitHub failed", {
      path: this.#question.path.text,
      reason,
      ...(requestId !== null &&
        /^[0-9A-F:]{1,100}$/.test(requestId) && { githubRequestId: requestId }),
    });
  }
}

function toUrl(baseUrl: string, { path, query = {} }: Question<unknown>): URL {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/${path.text}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}

/** The cause of a failed `fetch` says what its message does not. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
