import { LogLines } from "../log-lines.ts";

/** Sends what is written to a stream into the log, line by line; nothing of it goes where the stream leads. */
export function sendOutputToLog(stream: NodeJS.WriteStream, log: (line: string) => void): void {
  const lines = new LogLines(log);
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const named = typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
    lines.write(typeof chunk === "string" ? Buffer.from(chunk, named) : chunk);
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") process.nextTick(callback);
    return true;
  };
  Object.assign(stream, { write });
  process.on("exit", () => lines.flush());
}
