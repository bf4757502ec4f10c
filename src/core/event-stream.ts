import type { Time } from "../types/runtime.ts";
import { utf8 } from "../util/bytes.ts";

/** Often enough for the proxies on the way, which cut what is silent for half a minute or more; in milliseconds. */
const KEEP_ALIVE_MS = 15_000;
/** Bytes that may wait for the reader before it counts as slow. */
export const HIGH_WATER_BYTES = 64 * 1024;
const KEEP_ALIVE = utf8(": keep-alive\n\n");

export interface EventStreamEvents {
  /** Called once, whoever ended the stream. */
  ended(): void;
  /** The reader takes more. */
  drained?(): void;
}

/** The body of an answer that goes on: events as `text/event-stream`, and a comment now and then that keeps it alive. */
export class EventStream {
  /** For the response. Whoever cancels it ends the stream. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #time: Time;
  readonly #events: EventStreamEvents;
  #open = true;
  #cancelKeepAlive: () => void = () => {};

  constructor(time: Time, events: EventStreamEvents) {
    this.#time = time;
    this.#events = events;
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (own) => void (controller = own),
        pull: () => this.#events.drained?.(),
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
    );
    this.#controller = controller;
  }

  /** Keeps the stream alive from now on. */
  begin(): void {
    this.#scheduleKeepAlive();
  }

  get isOpen(): boolean {
    return this.#open;
  }
  /** Bytes that wait for the reader. */
  get unsent(): number {
    return HIGH_WATER_BYTES - (this.#controller.desiredSize ?? 0);
  }

  /** Sends one event, whole. Does nothing once the stream has ended. */
  write(event: string): void {
    if (this.#open) this.#controller.enqueue(utf8(event));
  }

  /** What has been sent still reaches the client. */
  close(): void {
    if (!this.#open) return;
    this.#controller.close();
    this.#end();
  }

  /** Ends the stream at once. What waits is given up with it, and so is its memory. */
  fail(error: Error): void {
    if (!this.#open) return;
    this.#controller.error(error);
    this.#end();
  }

  #scheduleKeepAlive(): void {
    this.#cancelKeepAlive = this.#time.after(KEEP_ALIVE_MS, () => {
      // A reader that has yet to read shows no sign of life by getting more.
      if (this.unsent === 0) this.#controller.enqueue(KEEP_ALIVE);
      this.#scheduleKeepAlive();
    });
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelKeepAlive();
    this.#events.ended();
  }
}
