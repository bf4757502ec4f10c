import { Readable, Writable } from "node:stream";
import { LogLines } from "./log-lines.ts";
import type { StdioStreams } from "./stdio-channel.ts";

/**
 * Takes stdin and stdout away from everything else in this process, so that they carry the protocol alone: whoever
 * writes to `process.stdout` from now on writes to `log`, line by line, and `process.stdin` is at its end.
 */
export function takeStreams(log: (line: string) => void): StdioStreams {
  const taken = { input: process.stdin, output: process.stdout };
  const replacements = { stdin: Readable.from([]), stdout: createLineStream(log) };
  for (const [name, value] of Object.entries(replacements)) {
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true });
  }
  return taken;
}

function createLineStream(log: (line: string) => void): Writable {
  const lines = new LogLines(log);
  process.on("exit", () => lines.flush());
  return new Writable({
    // Like the real one, it goes on when somebody has ended it.
    autoDestroy: false,
    write(chunk: Buffer, _encoding, done) {
      lines.write(chunk);
      done();
    },
  });
}
