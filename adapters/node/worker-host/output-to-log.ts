/** Characters of a line; a longer one becomes several. */
const MAX_LINE_CHARS = 8 * 1024;

/** Sends what is written to a stream into the log, line by line; nothing of it goes where the stream leads. */
export function sendOutputToLog(stream: NodeJS.WriteStream, log: (line: string) => void): void {
  let rest = "";
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    rest += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) logInParts(line);
    if (rest.length > MAX_LINE_CHARS) {
      logInParts(rest);
      rest = "";
    }
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") process.nextTick(callback);
    return true;
  };
  const logInParts = (line: string) => {
    const text = line.trimEnd();
    for (let at = 0; at < text.length; at += MAX_LINE_CHARS)
      log(text.slice(at, at + MAX_LINE_CHARS));
  };
  Object.assign(stream, { write });
  process.on("exit", () => logInParts(rest));
}
