import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, it } from "vitest";
import { clientIds } from "../../adapters/node/cli/client-config.ts";
import {
  stdioClientConfig,
  stdioCommandLine,
  type CommandLine,
} from "../../adapters/node/cli/stdio-config.ts";
import { connectV2Over } from "../helpers/e2e-client.ts";
import {
  bareEnvironment,
  ROOT,
  runCli,
  runHere,
  temporaryFolder,
  withFixture,
} from "../helpers/server-process.ts";

const MAIN = join(ROOT, "adapters/node/main.ts");
const KEY = "a-client-key-of-my-own-making";
/** With what shells and JSON treat as special. */
const LINE: CommandLine = ["/opt/my node/bin/node", "/it's/main.ts", "stdio", "--data-dir", "/$x"];

const connect = (args: string[], env: Record<string, string> = {}) =>
  runHere(["connect", ...args, "--stdio"], env);

/** The words that a POSIX shell hands to the program of a command. */
function wordsOf(command: string): string[] {
  const [program] = command.split(" ");
  const script = `${program}() { printf '%s\\0' "$@"; }; ${command}`;
  const { stdout } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
  return stdout.split("\0").slice(0, -1);
}

describe("connect --stdio", () => {
  it("prints the entry of a client that starts this very program by absolute paths", async () => {
    const { status, stdout, stderr } = await connect(["claude-desktop"], { MCP_CLIENT_KEY: KEY });
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^Put this into .+claude_desktop_config\.json, beside what is there\.\n$/,
    );
    expect(JSON.parse(stdout)).toEqual({
      mcpServers: {
        "mcp-plugin-server": {
          type: "stdio",
          command: process.execPath,
          args: [
            MAIN,
            "stdio",
            "--data-dir",
            resolve("data"),
            "--config",
            resolve("config/plugins.json"),
            "--plugins-dir",
            resolve("plugins"),
          ],
        },
      },
    });
  });

  it("names no plugins file and no plugins folder that is not there", () => {
    const missing = {
      dataDir: "/d",
      configFile: "/nowhere/p.json",
      pluginsDir: "/nowhere/plugins",
    };
    expect(stdioCommandLine(missing)).toEqual([
      process.execPath,
      MAIN,
      "stdio",
      "--data-dir",
      "/d",
    ]);
  });

  it("needs no address, even if the server would take any port", async () => {
    const { status, stderr } = await connect(["claude-code"], { PORT: "0" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("refuses an address beside it", async () => {
    const { status, stdout, stderr } = await connect(["cursor", "--url", "http://a.example/mcp"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("--stdio");
  });

  it("prints what starts the server from any folder", async () => {
    const folder = temporaryFolder();
    const env = withFixture(folder.path);
    const printed = runCli(["connect", "cursor", "--stdio"], { cwd: folder.path, env });
    const { mcpServers } = JSON.parse(printed.stdout) as {
      mcpServers: { "mcp-plugin-server": { command: string; args: string[] } };
    };
    const { command, args } = mcpServers["mcp-plugin-server"];
    const client = await connectV2Over(
      new StdioClientTransport({
        command,
        args,
        cwd: "/",
        env: bareEnvironment("/"),
        stderr: "ignore",
      }),
      { pin: "2026-07-28" },
    );
    expect(await client.toolNames()).toContain("e2e_echo");
    await client.close();
    expect(readFileSync(join(folder.path, "data/master.key"), "utf8")).not.toBe("");
    folder.remove();
  });
});

describe("the configuration of a client that starts the server", () => {
  it.each(clientIds())("%s has the program and its arguments, and nothing of another", (id) => {
    const { text, command } = stdioClientConfig(id, LINE);
    for (const word of LINE) expect(text).toContain(word);
    expect(`${text}${command}`).not.toMatch(/npx|stand-in|-y/);
  });

  it.each(clientIds())("%s has npx where the package is what runs", (id) => {
    const { text } = stdioClientConfig(id, ["npx", "-y", "mcp-plugin-server", "stdio"]);
    for (const word of ["npx", "-y", "mcp-plugin-server", "stdio"]) expect(text).toContain(word);
    expect(text).not.toContain("stand-in");
  });

  it.each(["claude-code", "codex"])("%s has a command that a shell takes apart well", (id) => {
    const words = wordsOf(stdioClientConfig(id, LINE).command!);
    expect(words.slice(0, 3)).toEqual(["mcp", "add", "mcp-plugin-server"]);
    expect(words.slice(words.indexOf("--") + 1)).toEqual(LINE);
  });

  it("vscode has a command with the entry as JSON", () => {
    const [flag, entry] = wordsOf(stdioClientConfig("vscode", LINE).command!);
    expect(flag).toBe("--add-mcp");
    const [command, ...args] = LINE;
    expect(JSON.parse(entry!)).toEqual({ name: "mcp-plugin-server", type: "stdio", command, args });
  });

  it("gemini has none, because it would take our flags for its own", () => {
    expect(stdioClientConfig("gemini", LINE).command).toBeNull();
  });
});

it("docs/clients.md shows what it prints from the package", () => {
  const section = readFileSync(join(ROOT, "docs/clients.md"), "utf8")
    .split("\n## A server of the client's own\n")[1]!
    .split("\n## ")[0]!;
  const folder = "/home/you/mcp";
  const line: CommandLine = [
    "npx",
    "-y",
    "mcp-plugin-server",
    "stdio",
    "--data-dir",
    `${folder}/data`,
    "--config",
    `${folder}/config/plugins.json`,
    "--plugins-dir",
    `${folder}/plugins`,
  ];
  expect(section).toContain(
    `\`\`\`json\n${stdioClientConfig("claude-desktop", line).text.trimEnd()}\n\`\`\``,
  );
});
