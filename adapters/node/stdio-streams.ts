import { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { StdioStreams } from "./stdio-channel.ts";

/** Characters of what is written without an end of line that are kept until one comes. */
const MAX_LINE_CHARS = 8 * 1024;

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
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return new Writable({
    // Like the real one, it goes on when somebody has ended it.
    autoDestroy: false,
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) log(line.trimEnd());
      if (rest.length > MAX_LINE_CHARS) {
        log(rest);
        rest = "";
      }
      done();
    },
  });
}
