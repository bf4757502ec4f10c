import type { MessageChannel } from "../types/channel.ts";
import type { Time } from "../types/runtime.ts";
import { utf8 } from "../util/bytes.ts";
import { MAX_UNSENT_BYTES } from "./message-text.ts";

/** Often enough for the proxies on the way, which cut what is silent for half a minute or more; in milliseconds. */
const KEEP_ALIVE_MS = 15_000;
/** Bytes that may wait for the reader before senders wait for it, too. */
const HIGH_WATER_BYTES = 64 * 1024;
const KEEP_ALIVE = utf8(": keep-alive\n\n");

/** The server's way to its client in HTTP+SSE: an event stream, one message an event. */
export class SseStream implements MessageChannel {
  /** For the response. Whoever cancels it ends the stream. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #time: Time;
  readonly #onEnd: () => void;
  #open = true;
  #cancelKeepAlive: () => void = () => {};
  /** Of the senders that wait for the reader. */
  #drained: PromiseWithResolvers<void> | null = null;

  /** @param onEnd called once, whoever ended the stream */
  constructor(time: Time, onEnd: () => void) {
    this.#time = time;
    this.#onEnd = onEnd;
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (own) => void (controller = own),
        pull: () => {
          this.#drained?.resolve();
          this.#drained = null;
        },
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
    );
    this.#controller = controller;
  }

  /** Tells the client where to post its messages, which is always the first event, and keeps the stream alive. */
  begin(address: string): void {
    this.#enqueue("endpoint", address);
    this.#scheduleKeepAlive();
  }

  async send(message: string): Promise<void> {
    if (!this.#open) throw new Error("The event stream has ended");
    if (this.#unsent() >= MAX_UNSENT_BYTES) {
      const error = new Error("The client does not read its event stream");
      // What waits is given up with the stream, and so is its memory.
      this.#controller.error(error);
      this.#end();
      throw error;
    }
    // JSON.stringify leaves no line break in a message.
    this.#enqueue("message", message);
    if (this.#unsent() < HIGH_WATER_BYTES) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** What has been sent still reaches the client. */
  close(): void {
    if (!this.#open) return;
    this.#controller.close();
    this.#end();
  }

  #enqueue(event: string, data: string): void {
    this.#controller.enqueue(utf8(`event: ${event}\ndata: ${data}\n\n`));
  }

  #unsent(): number {
    return HIGH_WATER_BYTES - (this.#controller.desiredSize ?? 0);
  }

  #scheduleKeepAlive(): void {
    this.#cancelKeepAlive = this.#time.after(KEEP_ALIVE_MS, () => {
      // A reader that has yet to read shows no sign of life by getting more.
      if (this.#unsent() === 0) this.#controller.enqueue(KEEP_ALIVE);
      this.#scheduleKeepAlive();
    });
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelKeepAlive();
    this.#drained?.reject(new Error("The event stream has ended"));
    this.#onEnd();
  }
}
