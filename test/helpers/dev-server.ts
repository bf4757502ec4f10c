import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { startServer, type RunningServer } from "../../adapters/node/server.ts";
import { readSettings } from "../../adapters/node/settings.ts";
import type { InstanceStatus } from "../../src/index.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { callTool, temporaryFolder } from "./server-process.ts";

export interface DevServer extends RunningServer {
  readonly clientKey: string;
  readonly adminToken: string;
  readonly logs: readonly LogRecord[];
  /** Where the plugins lie, with the slash at its end. */
  readonly plugins: string;
  /** Writes a file below the plugins folder as a plain program does; with `replace` as editors do, by renaming. */
  save(file: string, text: string, how?: "write" | "replace"): void;
  remove(file: string): void;
  saveConfig(plugins: object | string): void;
  /** The text that a tool answers, or the error's. */
  call(tool: string, args?: Record<string, unknown>): Promise<string>;
  /** Waits until a tool answers this. */
  expectAnswer(tool: string, text: string): Promise<void>;
  /** What `GET /api/plugins` says of an instance. */
  status(id: string): Promise<InstanceStatus | undefined>;
  available(): Promise<string[]>;
}

/** The whole server as `npm run dev` has it, in this process, over plugins in a folder of its own. */
export async function openDevServer(
  files: Readonly<Record<string, string>>,
  entries: object,
): Promise<DevServer> {
  const { path, remove } = temporaryFolder();
  const plugins = join(path, "plugins/");
  const configFile = join(path, "plugins.json");
  const save: DevServer["save"] = (file, text, how = "write") => {
    const target = join(plugins, file);
    mkdirSync(dirname(target), { recursive: true });
    if (how === "write") return writeFileSync(target, text);
    writeFileSync(`${target}~`, text);
    return renameSync(`${target}~`, target);
  };
  const saveConfig = (content: object | string) =>
    writeFileSync(
      configFile,
      typeof content === "string" ? content : JSON.stringify({ plugins: content }),
    );
  mkdirSync(plugins);
  for (const [file, text] of Object.entries(files)) save(file, text);
  saveConfig(entries);

  const logger = createRecordingLogger();
  const settings = readSettings({
    PORT: "0",
    MCP_RATE_LIMITS: "off",
    MCP_DATA_DIR: join(path, "data"),
    MCP_CONFIG: configFile,
    MCP_PLUGINS_DIR: plugins,
  });
  const server = await startServer(settings, logger, "dev");
  onTestFinished(async () => {
    await server.close();
    remove();
  });
  const { clientKey, adminToken } = server.created;
  const call: DevServer["call"] = async (tool, args = {}) => {
    const { text } = await callTool(server, clientKey!, tool, args);
    const { result, error } = JSON.parse(text) as {
      result?: { content: { text: string }[] };
      error?: { message: string };
    };
    return result?.content[0]?.text ?? error?.message ?? text;
  };
  const list = async <T>(route: string) => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const response = await fetch(server.url + route, { headers });
    return ((await response.json()) as { data: T[] }).data;
  };
  return {
    ...server,
    clientKey: clientKey!,
    adminToken: adminToken!,
    logs: logger.records,
    plugins,
    save,
    saveConfig,
    remove: (file) => rmSync(join(plugins, file), { recursive: true }),
    call,
    expectAnswer: (tool, text) =>
      vi.waitFor(async () => {
        const answer = await call(tool);
        if (answer !== text) throw new Error(`${tool} answers ${answer}`);
      }, WAIT),
    status: async (id) =>
      (await list<InstanceStatus>("/api/plugins")).find((each) => each.id === id),
    available: async () => {
      const packages = await list<{ package: string; usedBy: string[] }>("/api/packages");
      return packages.filter(({ usedBy }) => usedBy.length === 0).map((each) => each.package);
    },
  };
}

/** For what a change on disk brings about, on a busy machine. */
export const WAIT = { timeout: 10_000, interval: 20 };

/** The source of a plugin whose tool `say` answers what the expression gives. */
export function sayingPlugin(expression: string, { head = "", members = "" } = {}): string {
  return `${head}
interface Says { readonly text: string }

export default class {
  name = "saying";
  version = "1.0.0";
  description = "Says something.";
  config: any = null;
  async initialize(context: any): Promise<void> { this.config = context.config; }
  getTools() { return [{ name: "say" }]; }
  getResources() { return []; }
  async executeTool(): Promise<string> {
    const says: Says = { text: String(${expression}) };
    return says.text;
  }
  async cleanup(): Promise<void> {}
  ${members}
}
`;
}
