import type { Readable, Writable } from "node:stream";
import { MAX_MESSAGE_BYTES, type MessageChannel, type ServedChannel } from "../../src/index.ts";
import { LineReader } from "./stdio-lines.ts";

export interface StdioStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * MCP over a pair of pipes: one message a line, in UTF-8. As long as the client does not read what it gets, nothing more
 * is read of what it sends, so that neither piles up here.
 */
export class StdioChannel implements MessageChannel {
  readonly kind = "stdio";
  readonly #input: Readable;
  readonly #output: Writable;
  /** Resolves when the client sends no more. It may still read. */
  readonly inputEnded: Promise<void>;
  /** Resolves when the client reads no more. */
  readonly outputEnded: Promise<void>;
  #open = true;
  #drained: PromiseWithResolvers<void> | null = null;

  constructor({ input, output }: StdioStreams) {
    this.#input = input;
    this.#output = output;
    this.inputEnded = firstOf(input, ["end", "close", "error"]);
    this.outputEnded = firstOf(output, ["close", "error"]);
    void this.outputEnded.then(() => this.close());
    output.on("drain", () => {
      this.#drained?.resolve();
      this.#drained = null;
      if (this.#open) input.resume();
    });
  }

  /** Begins to read. What came before has waited in the pipe. */
  serve(served: ServedChannel): void {
    const lines = new LineReader(MAX_MESSAGE_BYTES, {
      onLine: (line) => served.receive(line),
      onTooLong: () => served.tooLong(),
    });
    this.#input.on("data", (chunk: Uint8Array) => {
      if (this.#open) lines.push(chunk);
    });
    this.#input.once("end", () => lines.end());
  }

  async send(message: string): Promise<void> {
    if (!this.#open) throw new Error("The client has closed its end");
    if (this.#output.write(`${message}\n`)) return;
    this.#input.pause();
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** Reads no more. What has been sent still goes out. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#input.pause();
    this.#drained?.reject(new Error("The client has closed its end"));
    this.#drained = null;
  }

  /** Resolves when everything that was sent has gone out, or cannot go out any more. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#output.write("", () => resolve()));
  }
}

function firstOf(stream: Readable | Writable, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    // On and on, because an error that nobody hears ends the process.
    for (const event of events) stream.on(event, () => resolve());
  });
}
