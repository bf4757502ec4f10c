import { connect } from "node:net";
import { noteOutput } from "./canary.ts";

interface RawAnswer {
  /** The status of every response that came, in order. */
  readonly statuses: number[];
  readonly text: string;
}

/** How long more may follow what was expected, in milliseconds. */
const AFTERMATH_MS = 30;
const TIMEOUT_MS = 5_000;

/**
 * Sends bytes as they are, and takes what comes back: until the server closes, or, after as many responses as are
 * expected, for a moment more.
 */
export function sendRaw(port: number, bytes: string, expected = Infinity): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const statuses = () =>
      [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    const done = () => {
      socket.destroy();
      noteOutput("answer", text);
      resolve({ statuses: statuses(), text });
    };
    socket.setEncoding("latin1").setTimeout(TIMEOUT_MS, done);
    socket.on("connect", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (statuses().length >= expected) socket.setTimeout(AFTERMATH_MS);
    });
    socket.on("close", done);
    // What was received counts: a server that refuses may close before it has read everything.
    socket.on("error", done);
  });
}
