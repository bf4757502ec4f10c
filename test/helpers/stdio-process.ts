import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { noteOutput } from "./canary.ts";
import type { JsonRpcAnswer } from "./mcp.ts";
import { bareEnvironment, ROOT, type Exit } from "./server-process.ts";

type Message = Partial<JsonRpcAnswer> & { readonly method?: string };

/** `mcp-plugin-server stdio`, message by message and byte by byte. */
export interface StdioProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<Exit>;
  stderr(): string;
  /** Everything that has come on stdout so far. */
  stdout(): string;
  write(bytes: string | Uint8Array): void;
  send(message: object): void;
  /** Waits for the next message, each of them once. */
  next(): Promise<Message>;
  /** Sends a request and waits for its answer; what comes before is passed over. */
  call(method: string, params?: object): Promise<Message>;
  /** Goes through `initialize` and `notifications/initialized`. */
  initialize(capabilities?: object): Promise<Message>;
  /** Waits until stderr contains the text. */
  logged(text: string): Promise<void>;
}

/** Starts it in a folder, which holds its data, too. */
export function startStdioProcess(
  cwd: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): StdioProcess {
  const child = spawn(process.execPath, [join(ROOT, "adapters/node/main.ts"), "stdio", ...args], {
    cwd,
    env: bareEnvironment(cwd, env),
  });
  let stdout = "";
  let stderr = "";
  let read = 0;
  let lastId = 0;
  let ended = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // It may have gone before everything was written to it.
  child.stdin.on("error", () => {});
  const exited = new Promise<Exit>((resolve) =>
    child.once("close", (code, signal) => {
      ended = true;
      noteOutput("process", `${stdout}\n${stderr}`);
      resolve({ code, signal });
    }),
  );
  const until = async (holds: () => boolean, what: string) => {
    for (const end = Date.now() + 15_000; !holds();) {
      if (ended || Date.now() > end) throw new Error(`No ${what}.\n${stdout}\n${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const write = (bytes: string | Uint8Array) => void child.stdin.write(bytes);
  const send = (message: object) => write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

  async function next(): Promise<Message> {
    await until(() => stdout.indexOf("\n", read) >= 0, "message");
    const end = stdout.indexOf("\n", read);
    const line = stdout.slice(read, end);
    read = end + 1;
    return JSON.parse(line) as Message;
  }

  async function call(method: string, params: object = {}): Promise<Message> {
    const id = `call-${++lastId}`;
    send({ id, method, params });
    for (;;) {
      const message = await next();
      if (message.id === id) return message;
    }
  }

  return {
    child,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    write,
    send,
    next,
    call,
    async initialize(capabilities = {}) {
      const clientInfo = { name: "raw", version: "1.0.0" };
      const protocolVersion = "2025-11-25";
      const answer = await call("initialize", { protocolVersion, capabilities, clientInfo });
      send({ method: "notifications/initialized" });
      return answer;
    },
    logged: (text) => until(() => stderr.includes(text), `"${text}" in the log`),
  };
}
