import type { HandlerContext } from "mcp-plugin-server/plugin";
import { AnswerCache } from "./answer-cache.ts";
import type { ApiPath } from "./api-path.ts";
import { Asking } from "./asking.ts";
import { readToken, replaceToken, type Token } from "./auth.ts";
import { RateGate } from "./rate-limits.ts";
import type { ServiceAnswer } from "./request.ts";
import type { Settings } from "./settings.ts";

export interface Question<T> {
  readonly path: ApiPath;
  /** What is `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Posted as JSON. Left out, the question is a GET. */
  readonly body?: unknown;
  readonly accept?: string;
  /** Of the answer. */
  readonly maxBytes?: number;
  /** In a sentence, such as `the issue acme/site#7`. */
  readonly what: string;
  /** Takes what is needed out of a good answer. @throws UnexpectedAnswer */
  readonly read: (answer: ServiceAnswer, token: Token) => T;
}

export type Context = HandlerContext<Settings>;

/** What one plugin object knows of GitHub. */
export interface Client {
  /**
   * Asks GitHub; a second time when it is busy or broken for a moment, or when there is another token meanwhile.
   *
   * @throws ToolError that says what to do, and never holds the token
   * @throws the call's own reason when it is cancelled
   * @throws AppError of the server's, such as `NOT_CONNECTED`
   */
  ask<T>(question: Question<T>, context: Context): Promise<T>;
}

/** @param now milliseconds since 1970 */
export function createClient(now: () => number = () => Date.now()): Client {
  const cache = new AnswerCache();
  const gate = new RateGate();
  return {
    async ask(question, context) {
      context.call.signal.throwIfAborted();
      const asking = new Asking(question, context, { cache, gate, now });
      const token = await readToken(context.plugin);
      const answer = await asking.get(token);
      if (answer !== null) return answer.value;
      // Somebody may have stored or connected another one while the request was on its way.
      const other = await replaceToken(token, context.plugin);
      const second = other && (await asking.get(other));
      if (second !== null) return second.value;
      throw asking.refuseToken(other ?? token);
    },
  };
}
