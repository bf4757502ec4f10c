import type { CallEvents, CallOutcome } from "../types/host.ts";
import type { LogLevel } from "../types/plugin.ts";
import { isFiniteNumber, MAX_LOG_CHARS } from "../util/call-reports.ts";
import { toJsonText } from "../util/json-text.ts";
import type { Outbox } from "./guest-outbox.ts";
import { answerMessage, MAX_MESSAGE_CHARS, type PluginMessage } from "./host-messages.ts";

/**
 * A call in flight, on the plugin's side. Plugins are JavaScript as often as not: a report that is none (a progress that
 * is no number, data that is no JSON) is left out, as the server would.
 */
export class GuestCall implements CallEvents {
  readonly #id: number;
  readonly #outbox: Pick<Outbox, "send" | "report">;
  #controller: AbortController | null = null;
  #cancelledWith: Error | null = null;
  #sentLast = false;
  #ended = false;

  constructor(id: number, outbox: Pick<Outbox, "send" | "report">) {
    this.#id = id;
    this.#outbox = outbox;
  }

  /** Made when first asked for: most tools never look. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelledWith !== null) this.#controller.abort(this.#cancelledWith);
    return this.#controller.signal;
  }

  cancel(reason: Error): void {
    this.#cancelledWith = reason;
    this.#controller?.abort(reason);
  }

  /** What a plugin still says of a call that it has answered is for nobody. */
  end(): void {
    this.#ended = true;
  }

  progress(progress: number, total?: number, message?: string): void {
    if (this.#ended || !isFiniteNumber(progress)) return;
    const report: PluginMessage = {
      type: "progress",
      id: this.#id,
      progress,
      ...(isFiniteNumber(total) && { total }),
      ...(typeof message === "string" && { message: message.slice(0, MAX_LOG_CHARS) }),
    };
    // The last one always arrives, once.
    if (progress !== total || this.#sentLast) return this.#outbox.report(report);
    this.#sentLast = true;
    this.#outbox.send(report);
  }

  log(level: LogLevel, data: unknown): void {
    if (this.#ended || typeof level !== "string") return;
    const text = toJsonText(data, MAX_LOG_CHARS);
    if (text.ok) {
      const value: unknown = JSON.parse(text.value);
      this.#outbox.report({ type: "call-log", id: this.#id, level, data: value });
    }
  }

  closeStream(): void {
    if (!this.#ended) this.#outbox.report({ type: "close-stream", id: this.#id });
  }
}

/**
 * The text of the answer to a call. Its parts become JSON one by one, so that what cannot is refused and named, and not
 * left out in silence.
 *
 * @throws Error that says what of the outcome is no JSON, or too large
 */
export function outcomeText(id: number, outcome: CallOutcome): string {
  const answer = (rest: string) => answerMessage(id, `{${rest}}`);
  switch (outcome.kind) {
    case "result":
      return answer(`"kind":"result"${member("value", "Its result", outcome.value)}`);
    case "input-required":
      return answer(
        `"kind":"input-required"${member("inputRequests", "Its question", outcome.inputRequests)}${member("state", "The state of its question", outcome.state)}`,
      );
    case "tool-error": {
      const { kind, message, data } = outcome;
      // The message matters more than data that cannot be sent.
      const text = data === undefined ? null : toJsonText(data, MAX_MESSAGE_CHARS / 2);
      const words = JSON.stringify({ kind, message: message.slice(0, MAX_MESSAGE_CHARS / 4) });
      return answer(`${words.slice(1, -1)}${text?.ok ? `,"data":${text.value}` : ""}`);
    }
  }
}

function member(name: string, what: string, value: unknown): string {
  if (value === undefined) return "";
  const text = toJsonText(value, MAX_MESSAGE_CHARS / 2);
  if (!text.ok) throw new Error(`${what} ${text.reason}.`);
  return `,"${name}":${text.value}`;
}
