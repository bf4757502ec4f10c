import { AppError } from "../../../src/index.ts";

/** Where a command reads what must not stand on its command line. */
export interface Input {
  /** Whether a person is there to be asked. */
  readonly isTerminal: boolean;
  /** All of stdin. @throws AppError `CREDENTIAL_INVALID` for more than `maxBytes` */
  readAll(maxBytes: number): Promise<Uint8Array>;
  /** Asks for a secret without showing it; `null` when the person gave up. */
  askSecret(question: string): Promise<string | null>;
}

export const processInput: Input = {
  get isTerminal() {
    return process.stdin.isTTY;
  },
  async readAll(maxBytes) {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new AppError("CREDENTIAL_INVALID", `stdin has more than ${maxBytes} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  },
  async askSecret(question) {
    const { isCancel, password } = await import("@clack/prompts");
    // stdout is for data.
    const answer = await password({ message: question, output: process.stderr });
    return isCancel(answer) ? null : answer;
  },
};
