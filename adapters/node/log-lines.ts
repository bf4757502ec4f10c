import { StringDecoder } from "node:string_decoder";

/** Characters of a line; a longer one becomes several. */
const MAX_LINE_CHARS = 8 * 1024;

/** Cuts what is written, in whatever pieces, into lines for the log. Blank lines say nothing there. */
export class LogLines {
  readonly #log: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  write(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#logInParts(line);
    if (this.#rest.length <= MAX_LINE_CHARS) return;
    this.#logInParts(this.#rest);
    this.#rest = "";
  }

  /** Logs the last line, which nothing has ended. */
  flush(): void {
    this.#logInParts(this.#rest);
    this.#rest = "";
  }

  #logInParts(line: string): void {
    const text = line.trimEnd();
    for (let at = 0; at < text.length; at += MAX_LINE_CHARS) {
      this.#log(text.slice(at, at + MAX_LINE_CHARS));
    }
  }
}
