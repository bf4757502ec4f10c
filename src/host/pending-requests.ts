import { AppError } from "../errors.ts";
import type { CallEvents } from "../types/host.ts";
import type { PluginMessage } from "./host-messages.ts";
import { ENDS } from "./plugin-end.ts";
import type { AnswerCheck } from "./remote-answers.ts";
import { fromPluginError } from "./wire-error.ts";

interface Pending {
  readonly accepts: AnswerCheck<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Of a call. */
  readonly events: CallEvents | null;
}

/** What the server has asked one plugin's side for, until it is answered. */
export class PendingRequests {
  readonly #byId = new Map<number, Pending>();
  readonly #onMalformed: (reason: Error) => void;
  #lastId = 0;

  /** @param onMalformed hears of an answer to something else than was asked, after whoever waits for it */
  constructor(onMalformed: (reason: Error) => void) {
    this.#onMalformed = onMalformed;
  }

  get size(): number {
    return this.#byId.size;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Sends a request and waits for its answer. Rejects with what `send` throws. */
  open<T>(
    id: number,
    accepts: AnswerCheck<T>,
    events: CallEvents | null,
    send: () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#byId.set(id, { accepts, resolve: resolve as Pending["resolve"], reject, events });
      send();
    });
  }

  /** Where the reports of a call go; `null` when it is over, or never was. */
  eventsOf(id: number): CallEvents | null {
    return this.#byId.get(id)?.events ?? null;
  }

  /** Takes an answer; `false` when nobody waits for it. */
  settle(message: PluginMessage & { type: "answer" | "failure" }): boolean {
    const pending = this.#take(message.id);
    if (pending === undefined) return false;
    if (message.type === "failure") pending.reject(fromPluginError(message.error));
    else if (pending.accepts(message.value)) pending.resolve(message.value);
    else {
      const reason = ENDS.malformed("answers something else than was asked");
      pending.reject(unavailable(reason));
      this.#onMalformed(reason);
    }
    return true;
  }

  /** Waits no longer for the answer to a call that was cancelled. */
  abandon(id: number): void {
    const reason = new AppError("PLUGIN_TIMEOUT", "A cancelled call was never answered.");
    this.#take(id)?.reject(reason);
  }

  /** Nothing will be answered any more. */
  abandonAll(reason: Error): void {
    for (const { reject } of this.#byId.values()) reject(unavailable(reason));
    this.#byId.clear();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#byId.get(id);
    this.#byId.delete(id);
    return pending;
  }
}

/** What a caller learns of a plugin whose side has ended. */
export function unavailable(reason: Error): AppError {
  return new AppError("PLUGIN_UNAVAILABLE", reason.message, { cause: reason });
}
