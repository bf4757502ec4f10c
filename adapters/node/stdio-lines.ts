const LINE_FEED = 0x0a;

export interface LineHandlers {
  /** Gets each line that is not blank, without its end. */
  readonly onLine: (line: string) => void;
  /** Told once of a line that is longer than it may be; nothing of it is kept. */
  readonly onTooLong: () => void;
}

/** Splits bytes into lines of UTF-8, wherever the chunks begin and end. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #handlers: LineHandlers;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #skipping = false;

  constructor(maxBytes: number, handlers: LineHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#finish();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** What is left over is a line, too. */
  end(): void {
    this.#finish();
  }

  #keep(part: Uint8Array): void {
    if (this.#skipping) return;
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#parts.push(part);
      return;
    }
    this.#skipping = true;
    this.#parts = [];
    this.#handlers.onTooLong();
  }

  #finish(): void {
    // The decoder drops a byte order mark, which some shells put before what they pipe.
    const line = this.#skipping ? "" : new TextDecoder().decode(Buffer.concat(this.#parts)).trim();
    this.#parts = [];
    this.#bytes = 0;
    this.#skipping = false;
    if (line !== "") this.#handlers.onLine(line);
  }
}
