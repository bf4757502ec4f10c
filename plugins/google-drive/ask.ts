import { pause, ToolError, type z } from "mcp-plugin-server/plugin";
import { parseJson, readError } from "./google-error.ts";
import {
  connectAgain,
  lacksScopes,
  notLetOut,
  serviceOf,
  toRefusal,
  unavailable,
  unexpected,
  type Subject,
} from "./refusals.ts";
import { send, type Answer } from "./request.ts";
import { pauseAfter } from "./retries.ts";
import type { DriveContext } from "./settings.ts";

const MAX_JSON_BYTES = 4 * 1024 * 1024;

export interface Question {
  readonly subject: Subject;
  /** Below the setting `baseUrl`, or `sheetsUrl` for a sheet. Every part that comes from outside is encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Of the answer; 4 MiB when left out. */
  readonly maxBytes?: number;
  /** What to say of an answer that is longer. */
  readonly tooLarge?: () => ToolError;
}

/**
 * Asks Google, and once more after a short pause when it is busy or broken, as long as the setting `timeoutMs` allows; and once
 * more at once when it does not take the token, if another one can be had.
 *
 * @throws ToolError that says what to do
 * @throws AppError `NOT_CONNECTED`, which the server turns into a question to connect
 * @throws the call's own reason when it is cancelled
 */
export async function ask(question: Question, context: DriveContext): Promise<Answer> {
  const { config, plugin, call } = context;
  call.signal.throwIfAborted();
  const { subject, headers, maxBytes = MAX_JSON_BYTES, tooLarge } = question;
  const service = serviceOf(subject);
  const url = toUrl(question, config);
  const timeUp = AbortSignal.timeout(config.timeoutMs);
  const deadline = Date.now() + config.timeoutMs;
  const signal = AbortSignal.any([call.signal, timeUp]);
  /** The log tells the administrator more than the error tells the person. */
  const fail = (error: ToolError, reason: string): ToolError => {
    plugin.logger.warn("A request to Google failed", { subject, host: url.host, reason });
    return error;
  };

  try {
    let refused: string | null = null;
    let address: string | null = null;
    let hasWaited = false;
    for (;;) {
      const token = await plugin.getAccessToken();
      if (token === refused) {
        // Nothing has been renewed meanwhile: Google would say the same again.
        if (address !== null) throw fail(endedAt(address), "status 401");
        address = await plugin.requireReauth(token);
        continue;
      }
      const request = { url, token, headers, timeoutMs: config.timeoutMs, maxBytes, signal };
      const answer = await send(request, plugin);
      if (answer.status === 200) return answer;
      const error = readError(answer, token);
      const reason = [`status ${answer.status}`, ...error.reasons].join(", ");
      if (answer.status === 401) {
        if (refused !== null) throw fail(await secondRefused(plugin, token), reason);
        // Another process may have renewed it while the request was on its way, or the wait went on.
        refused = token;
        continue;
      }
      const ms = hasWaited ? null : pauseAfter(answer, error);
      if (ms !== null && Date.now() + ms < deadline) {
        hasWaited = true;
        await pause(ms, signal);
        continue;
      }
      if (lacksScopes(answer, error)) throw fail(await scopesMissing(plugin, token), reason);
      if (answer.status < 400) throw fail(unexpected(service), reason);
      throw fail(toRefusal(answer, error, subject), reason);
    }
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof ToolError) throw error;
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    const reason = String(message);
    if (code === "OUTBOUND_REFUSED") throw fail(notLetOut(url.host), reason);
    if (code === "OUTBOUND_TOO_LARGE") throw fail(tooLarge?.() ?? unexpected(service), reason);
    if (timeUp.aborted && (typeof code !== "string" || code === "OUTBOUND_FAILED")) {
      throw fail(unavailable(service, `it did not answer in ${config.timeoutMs} ms`), reason);
    }
    if (code === "OUTBOUND_FAILED")
      throw fail(unavailable(service, "it cannot be reached"), reason);
    // The server's own, which knows what to tell the caller.
    throw error;
  }
}

/** As `ask`, for JSON; what it has besides the schema may be anything. */
export async function askJson<T>(
  question: Question,
  schema: z.ZodType<T>,
  context: DriveContext,
): Promise<T> {
  const parsed = schema.safeParse(parseJson((await ask(question, context)).bytes));
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join(".") || "the answer";
  const reason = `${place} is not as documented`;
  context.plugin.logger.warn("A request to Google failed", { subject: question.subject, reason });
  throw unexpected(serviceOf(question.subject));
}

function toUrl({ subject, path, query }: Question, { baseUrl, sheetsUrl }: DriveContext["config"]) {
  const base = subject === "sheet" ? sheetsUrl : baseUrl;
  const url = new URL(`${base.replace(/\/+$/, "")}/${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/**
 * The token that came in the place of a refused one was refused, too.
 *
 * @throws AppError `NOT_CONNECTED` once the server knows that
 */
async function secondRefused(plugin: DriveContext["plugin"], token: string): Promise<ToolError> {
  const address = await plugin.requireReauth(token);
  await plugin.getAccessToken();
  return endedAt(address);
}

function endedAt(address: string): ToolError {
  return connectAgain("Google does not accept this connection any more.", address);
}

async function scopesMissing(plugin: DriveContext["plugin"], token: string): Promise<ToolError> {
  return connectAgain(
    "The person who connected the account did not allow this server to see its files. Tick that box this time.",
    await plugin.requireReauth(token),
  );
}
