import type { MessageChannel } from "../types/channel.ts";
import type { Time } from "../types/runtime.ts";
import { EventStream, HIGH_WATER_BYTES } from "./event-stream.ts";
import { MAX_UNSENT_BYTES } from "./message-text.ts";

/** The server's way to its client in HTTP+SSE: an event stream, one message an event. */
export class SseStream implements MessageChannel {
  readonly kind = "sse";
  readonly #stream: EventStream;
  /** Of the senders that wait for the reader. */
  #drained: PromiseWithResolvers<void> | null = null;

  /** @param onEnd called once, whoever ended the stream */
  constructor(time: Time, onEnd: () => void) {
    this.#stream = new EventStream(time, {
      drained: () => {
        this.#drained?.resolve();
        this.#drained = null;
      },
      ended: () => {
        this.#drained?.reject(new Error("The event stream has ended"));
        onEnd();
      },
    });
  }

  /** For the response. Whoever cancels it ends the stream. */
  get body(): ReadableStream<Uint8Array> {
    return this.#stream.body;
  }

  /** Tells the client where to post its messages, which is always the first event, and keeps the stream alive. */
  begin(address: string): void {
    this.#write("endpoint", address);
    this.#stream.begin();
  }

  async send(message: string): Promise<void> {
    if (!this.#stream.isOpen) throw new Error("The event stream has ended");
    if (this.#stream.unsent >= MAX_UNSENT_BYTES) {
      const error = new Error("The client does not read its event stream");
      this.#stream.fail(error);
      throw error;
    }
    // JSON.stringify leaves no line break in a message.
    this.#write("message", message);
    if (this.#stream.unsent < HIGH_WATER_BYTES) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** What has been sent still reaches the client. */
  close(): void {
    this.#stream.close();
  }

  #write(event: string, data: string): void {
    this.#stream.write(`event: ${event}\ndata: ${data}\n\n`);
  }
}
