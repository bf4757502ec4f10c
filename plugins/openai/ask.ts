import { pause, ToolError, type HandlerContext, type z } from "mcp-plugin-server/plugin";
import { hideKey, readKey } from "./api-key.ts";
import { readAnswer, UnexpectedAnswer } from "./read-answer.ts";
import { nameOf, notAllowed, toRefusal, unavailable, unexpected } from "./refusals.ts";
import { NotAllowed, send, type ServiceAnswer } from "./request.ts";
import { pauseAfter } from "./retries.ts";
import type { Settings } from "./settings.ts";

export interface Question<T> {
  /** Below the setting `baseUrl`, such as `chat/completions`. */
  readonly path: string;
  /** Posted as JSON. Left out, the question is a GET. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Takes what is needed out of the answer. */
  readonly schema: z.ZodType<T>;
  /** Of the answer. */
  readonly maxBytes: number;
}

/**
 * Asks the service, and again after a pause when it is busy or broken, as long as the setting `timeoutMs` allows.
 *
 * @throws ToolError that says what to do, and never holds the key
 * @throws the call's own reason when it is cancelled
 */
export async function ask<T>(
  question: Question<T>,
  { config, plugin, call }: HandlerContext<Settings>,
): Promise<T> {
  call.signal.throwIfAborted();
  const key = await readKey(plugin);
  const whom = { service: nameOf(config.baseUrl), pluginId: plugin.pluginId };
  const timeUp = AbortSignal.timeout(config.timeoutMs);
  const deadline = Date.now() + config.timeoutMs;
  const signal = AbortSignal.any([call.signal, timeUp]);

  /** The log tells the administrator more than the error tells the person. */
  const fail = (error: ToolError, reason: string, requestId: string | null = null): ToolError => {
    plugin.logger.warn("A request to the service failed", {
      path: question.path,
      reason: hideKey(reason, key),
      ...(requestId !== null && { serviceRequestId: requestId }),
    });
    return error;
  };

  const request = { ...toRequest(question, config), key, signal };
  const sendOnce = (): Promise<ServiceAnswer | Error> =>
    send(plugin, request).catch((error: unknown) => {
      if (signal.aborted || error instanceof UnexpectedAnswer || error instanceof NotAllowed) {
        throw error;
      }
      return error instanceof Error ? error : new Error("unknown");
    });

  try {
    for (let tries = 1; ; tries += 1) {
      const answer = await sendOnce();
      if (!(answer instanceof Error) && answer.status === 200) {
        return readAnswer(question.schema, answer.body);
      }
      const ms = pauseAfter(answer, tries);
      if (ms === null || Date.now() + ms >= deadline) {
        throw answer instanceof Error
          ? fail(unavailable(whom.service, "it cannot be reached"), answer.message)
          : fail(toRefusal(answer, whom), `status ${answer.status}`, answer.requestId);
      }
      await pause(ms, signal);
    }
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof ToolError) throw error;
    if (error instanceof UnexpectedAnswer) throw fail(unexpected(whom.service), error.message);
    if (error instanceof NotAllowed) throw fail(notAllowed(whom.service), error.message);
    if (!timeUp.aborted) throw error;
    const reason = `it did not answer in ${config.timeoutMs} ms`;
    throw fail(unavailable(whom.service, reason), reason);
  }
}

function toRequest({ path, body, maxBytes }: Question<unknown>, config: Settings) {
  const { organization, project } = config;
  return {
    url: new URL(`${config.baseUrl.replace(/\/+$/, "")}/${path}`),
    method: body === undefined ? ("GET" as const) : ("POST" as const),
    headers: {
      ...(organization !== undefined && { "openai-organization": organization }),
      ...(project !== undefined && { "openai-project": project }),
    },
    body,
    maxBytes,
  };
}
