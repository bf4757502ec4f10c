/** Where a command writes: data to `out`, prose to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` goes to a terminal, where a line can be drawn again. */
  readonly errIsTerminal?: boolean;
  /** Whether `out` does. */
  readonly outIsTerminal?: boolean;
  /** Resolves when `out` has passed on what it was given. Rejects with EPIPE when nobody reads any more. */
  readonly flush?: () => Promise<void>;
}

export const processOutput: Output = {
  out: (text) => toStdout(text),
  err: (text) => void process.stderr.write(text),
  get errIsTerminal() {
    return process.stderr.isTTY;
  },
  get outIsTerminal() {
    return process.stdout.isTTY;
  },
  flush: () =>
    new Promise((resolve, reject) => {
      toStdout("", (error) => (error ? reject(error) : resolve()));
    }),
};

/** Whoever read our output may have gone (`… | head`): that ends no process by itself. */
function toStdout(text: string, written?: (error: Error | null | undefined) => void): void {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => {});
  process.stdout.write(text, written);
}
