import { ToolError, type PluginContext } from "mcp-plugin-server/plugin";
import { toApiUrl, toBase, type Query } from "./api-url.ts";
import { readIssuer } from "./auth.ts";
import { readBody } from "./read-body.ts";
import { notAllowed, toRefusal, unavailable, unexpected } from "./refusals.ts";
import { NotAllowed, send, UnexpectedAnswer, Unreachable, type ServiceAnswer } from "./request.ts";
import type { ChangingMethod, Settings } from "./settings.ts";
import { fetchToken } from "./token-exchange.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";
import { withTries } from "./tries.ts";

export interface ApiQuestion {
  readonly method: "GET" | ChangingMethod;
  /** Below the setting `baseUrl`. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** Sent as JSON; `undefined` is no body. */
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, a text, or `null` when there is none. */
  readonly body: unknown;
}

export interface Api {
  /**
   * @throws ToolError that says what to do
   * @throws the signal's reason when it aborts
   */
  ask(question: ApiQuestion, signal: AbortSignal): Promise<ApiAnswer>;
  /** Ends what is under way. */
  close(): void;
}

export interface ApiDeps {
  readonly settings: Settings;
  readonly context: PluginContext;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** @throws TypeError for an address that is none */
export function createApi({ settings, context, now }: ApiDeps): Api {
  const base = toBase(settings.baseUrl);
  void new URL(settings.tokenUrl);
  const closed = new AbortController();
  let current: { readonly issuer: string; readonly tokens: TokenSource } | null = null;

  /** Asks each time whose tokens they are, so that another account that is stored meanwhile is the one that is used. */
  const tokensNow = async (): Promise<TokenSource> => {
    const issuer = await readIssuer(context);
    if (current?.issuer !== issuer) {
      const deps = { settings, context, issuer, now, signal: closed.signal };
      current = { issuer, tokens: createTokenSource(() => fetchToken(deps), now) };
    }
    return current.tokens;
  };

  /** With a new token, once, when the service does not take the one that seemed good. */
  const askWithToken = async (
    request: (token: string) => Promise<ServiceAnswer>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: ServiceAnswer; readonly token: string }> => {
    const tokens = await tokensNow();
    const token = await tokens.get(signal);
    const answer = await request(token);
    if (answer.status !== 401) return { answer, token };
    tokens.discard(token);
    const another = await tokens.get(signal);
    return { answer: await request(another), token: another };
  };

  return {
    async ask({ method, path, query, body }, callSignal) {
      callSignal.throwIfAborted();
      const url = toApiUrl(base, path, query);
      const isRepeatable = method === "GET";
      const timeUp = AbortSignal.timeout(settings.timeoutMs);
      const signal = AbortSignal.any([callSignal, timeUp, closed.signal]);
      const options = { isRepeatable, deadline: Date.now() + settings.timeoutMs, signal };
      /** The log tells the administrator more than the error tells the person. */
      const fail = (error: ToolError, reason: string): ToolError => {
        context.logger.warn("A request to the API failed", { host: url.host, method, reason });
        return error;
      };

      try {
        const { answer, token } = await askWithToken(
          (secret) =>
            withTries(
              () => send(context, { ...toRequest(method, secret, body), url, secret, signal }),
              options,
            ),
          signal,
        );
        const { status } = answer;
        if (status < 200 || status > 299) {
          throw fail(toRefusal(answer, url.host, isRepeatable), `status ${status}`);
        }
        return { status, body: readBody(answer, token) };
      } catch (error) {
        callSignal.throwIfAborted();
        if (error instanceof UnexpectedAnswer) throw fail(unexpected(url.host), error.message);
        if (error instanceof NotAllowed) throw fail(notAllowed(url.host), error.message);
        if (error instanceof Unreachable) {
          throw fail(unavailable(url.host, "it cannot be reached", isRepeatable), error.message);
        }
        if (!timeUp.aborted || error instanceof ToolError) throw error;
        const reason = `it did not answer in ${settings.timeoutMs} ms`;
        throw fail(unavailable(url.host, reason, isRepeatable), reason);
      }
    },
    close: () => closed.abort(new Error("The plugin has been stopped.")),
  };
}

function toRequest(method: string, token: string, body: unknown) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  return {
    method,
    headers: {
      accept: "application/json",
      authorization: `Bearer ${token}`,
      ...(json !== undefined && { "content-type": "application/json" }),
    },
    body: json,
  };
}
