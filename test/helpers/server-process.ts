import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { run } from "../../adapters/node/cli/program.ts";
import { IS_SWEEP, noteOutput } from "./canary.ts";
import { modernRequest } from "./mcp.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "adapters/node/main.ts");
export const FIXTURE_PLUGINS = join(ROOT, "test/fixtures/plugins");

/** What `--json` prints. */
export interface Banner {
  readonly url: string;
  readonly mcpUrl: string;
  readonly adminToken?: string;
  readonly clientKey?: string;
  readonly dataDir: string;
  readonly pid: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<Exit>;
  /** Waits until stdout and stderr together contain the text, so many times. */
  printed(text: string, times?: number): Promise<void>;
  /** The line of `--json`, once it listens. */
  banner(): Promise<Banner>;
  /** Ends it with SIGTERM, if it has not ended. */
  stop(): Promise<Exit>;
}

export interface RunOptions {
  /** The working directory; data and configuration lie below it by default. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What comes on stdin; nothing when left out. */
  readonly input?: string | Uint8Array;
}

/** An environment in which nothing of the caller's own settings is left. */
export function bareEnvironment(cwd: string, env: Readonly<Record<string, string>> = {}) {
  return {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: cwd,
    // Saves each process a third of its start.
    NODE_COMPILE_CACHE: join(ROOT, ".cache/node"),
    // Tests are quicker than people.
    MCP_RATE_LIMITS: "off",
    // As much as can come out of it.
    ...(IS_SWEEP && { LOG_LEVEL: "debug" }),
    ...env,
  };
}

/**
 * Runs a command line in this process, which is much faster; the working directory is this one's.
 *
 * @param typed what comes on stdin, or what a person answers, question by question (`null` gives up); nothing when left out
 */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  typed: string | Uint8Array | readonly (string | null)[] = "",
) {
  let stdout = "";
  let stderr = "";
  const questions: string[] = [];
  const isTerminal = Array.isArray(typed);
  const answers = isTerminal ? [...typed] : [];
  const status = await run(
    args,
    { ...env },
    {
      out: (text) => void (stdout += text),
      err: (text) => void (stderr += text),
    },
    {
      isTerminal,
      readAll: async () => Buffer.from(typed as string),
      async askSecret(question) {
        questions.push(question);
        return answers.shift() ?? null;
      },
    },
  );
  noteOutput("command", `${stdout}\n${stderr}`);
  return { status, stdout, stderr, ...(isTerminal && { questions }) };
}

/** Runs a command line in a process of its own, to its end. */
export function runCli(args: readonly string[], { cwd, env, input }: RunOptions) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    env: bareEnvironment(cwd, env),
    encoding: "utf8",
    timeout: 15_000,
    ...(input !== undefined && { input }),
  });
  noteOutput("command", `${stdout}\n${stderr}`);
  return { status, stdout, stderr };
}

/** Starts the server on a free port, as `node adapters/node/main.ts` does unless another command is given. */
export function startProcess(
  args: readonly string[],
  { cwd, env }: RunOptions,
  command: readonly [string, ...string[]] = [process.execPath, MAIN],
): ServerProcess {
  const [file, ...before] = command;
  const child = spawn(file, [...before, ...args], {
    cwd: command[0] === "npm" ? ROOT : cwd,
    env: bareEnvironment(cwd, { PORT: "0", ...env }),
    // A group of its own, so that a test can send it what a terminal would.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<Exit>((resolve) =>
    child.once("close", (code, signal) => {
      noteOutput("process", `${stdout}\n${stderr}`);
      resolve({ code, signal });
    }),
  );
  const until = async (holds: () => boolean, what: string) => {
    let ended = false;
    void exited.then(() => (ended = true));
    for (const end = Date.now() + 20_000; !holds();) {
      if (ended || Date.now() > end) {
        throw new Error(`The process did not print ${what}.\n${stdout}\n${stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    child,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    printed: (text, times = 1) =>
      until(() => `${stdout}${stderr}`.split(text).length > times, JSON.stringify(text)),
    async banner() {
      await until(() => stdout.includes("\n"), "a line");
      return JSON.parse(stdout.slice(0, stdout.indexOf("\n"))) as Banner;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      return exited;
    },
  };
}

/** An empty folder, and how to remove it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "mcp-plugin-server-"));
  return { path, remove: () => IS_SWEEP || rmSync(path, { recursive: true, force: true }) };
}

/** Settings with which a server runs the end-to-end fixture beside the time plugin. */
export function withFixture(folder: string, config: object = {}): Record<string, string> {
  const file = join(folder, "plugins.json");
  const plugins = { e2e: { package: "./e2e", config }, time: { package: "./time" } };
  writeFileSync(file, JSON.stringify({ plugins }));
  return { MCP_CONFIG: file, MCP_PLUGINS_DIR: FIXTURE_PLUGINS };
}

/** A server of the end-to-end fixture. */
export interface FixtureServer {
  /** Its working directory; the data lie in `data` below it. */
  readonly folder: string;
  readonly server: ServerProcess;
  readonly banner: Required<Banner>;
}

/** Starts a server of the end-to-end fixture in a folder of its own. `end` ends it, if it has not ended, and removes that. */
export async function openServerProcess(
  command?: readonly [string, ...string[]],
): Promise<FixtureServer & { readonly end: () => Promise<void> }> {
  const { path, remove } = temporaryFolder();
  const env = { ...withFixture(path), MCP_DATA_DIR: join(path, "data") };
  const server = startProcess(["--json"], { cwd: path, env }, command);
  const banner = (await server.banner()) as Required<Banner>;
  return {
    folder: path,
    server,
    banner,
    async end() {
      const { exitCode, signalCode } = server.child;
      // Not the child: that may be npm.
      if (exitCode === null && signalCode === null) process.kill(banner.pid, "SIGTERM");
      await server.exited;
      remove();
    },
  };
}

/** Such a server, started once for all tests of a file, or of a `describe`. */
export function useServerProcess(command?: readonly [string, ...string[]]): FixtureServer {
  let opened: Awaited<ReturnType<typeof openServerProcess>>;
  beforeAll(async () => {
    opened = await openServerProcess(command);
  }, 60_000);
  afterAll(() => opened.end());
  return {
    get folder() {
      return opened.folder;
    },
    get server() {
      return opened.server;
    },
    get banner() {
      return opened.banner;
    },
  };
}

/** One tool call by plain HTTP. */
export async function callTool(
  { mcpUrl }: Pick<Banner, "mcpUrl">,
  key: string,
  name: string,
  args: Record<string, unknown> = {},
) {
  const response = await post(mcpUrl, key, "tools/call", { name, arguments: args });
  const text = await response.text();
  noteOutput("answer", text);
  return { status: response.status, text };
}

/** The names of all tools, by plain HTTP. */
export async function toolNames({ mcpUrl, clientKey }: Required<Banner>): Promise<string[]> {
  const response = await post(mcpUrl, clientKey, "tools/list", {});
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
}

function post(
  mcpUrl: string,
  key: string,
  method: string,
  params: Record<string, unknown> & { name?: string },
): Promise<Response> {
  const { headers, body } = modernRequest(method, params);
  return fetch(mcpUrl, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${key}` },
    body,
  });
}
