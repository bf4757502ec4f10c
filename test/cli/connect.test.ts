import { describe, expect, it } from "vitest";
import { clientConfig, clientIds } from "../../adapters/node/cli/client-config.ts";
import { COMMON_CLIENTS } from "../../adapters/node/cli/common-clients.ts";
import { homedir } from "node:os";
import { runHere } from "../helpers/server-process.ts";

const KEY = "a-client-key-of-my-own-making";
const URL_DEFAULT = "http://127.0.0.1:3000/mcp";
const connect = (args: string[], env: Record<string, string> = {}) =>
  runHere(["connect", ...args], env);
const HINT =
  "Replace YOUR_CLIENT_KEY by the client key of the first start, or set MCP_CLIENT_KEY for this command.\n";

describe("connect", () => {
  it("prints the command of Claude Code", async () => {
    expect(await connect(["claude-code"], { MCP_CLIENT_KEY: KEY })).toEqual({
      status: 0,
      stdout: `claude mcp add mcp-plugin-server ${URL_DEFAULT} --transport http --scope user --header "Authorization: Bearer ${KEY}"\n`,
      stderr: "",
    });
  });

  it("prints the file of Claude Desktop, with the key out of the bridge's arguments", async () => {
    const { status, stdout, stderr } = await connect(["claude-desktop"], { MCP_CLIENT_KEY: KEY });
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^Put this into .+claude_desktop_config\.json, beside what is there\.\n$/,
    );
    expect(JSON.parse(stdout)).toEqual({
      mcpServers: {
        "mcp-plugin-server": {
          type: "stdio",
          command: "npx",
          args: ["-y", "mcp-remote", URL_DEFAULT, "--header", "Authorization:${AUTH_HEADER}"],
          env: { AUTH_HEADER: `Bearer ${KEY}` },
        },
      },
    });
  });

  it("prints the command of VS Code", async () => {
    const { status, stdout, stderr } = await connect(["vscode"], { MCP_CLIENT_KEY: KEY });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(/^code --add-mcp '(.+)'\n$/.exec(stdout)![1]!)).toEqual({
      name: "mcp-plugin-server",
      type: "http",
      url: URL_DEFAULT,
      headers: { Authorization: `Bearer ${KEY}` },
    });
  });

  it("prints the file of Cursor", async () => {
    const { status, stdout, stderr } = await connect(["cursor"], { MCP_CLIENT_KEY: KEY });
    expect(status).toBe(0);
    expect(stderr).toBe(`Put this into ${homedir()}/.cursor/mcp.json, beside what is there.\n`);
    expect(JSON.parse(stdout)).toEqual({
      mcpServers: {
        "mcp-plugin-server": {
          type: "http",
          url: URL_DEFAULT,
          headers: { Authorization: `Bearer ${KEY}` },
        },
      },
    });
  });

  it("prints the file of Codex, whose command could not carry the key", async () => {
    expect(await connect(["codex"], { MCP_CLIENT_KEY: KEY })).toEqual({
      status: 0,
      stdout: [
        "[mcp_servers.mcp-plugin-server]",
        `url = "${URL_DEFAULT}"`,
        "",
        "[mcp_servers.mcp-plugin-server.http_headers]",
        `Authorization = "Bearer ${KEY}"`,
        "",
      ].join("\n"),
      stderr: `Put this into ${homedir()}/.codex/config.toml, beside what is there.\n`,
    });
  });

  it("leaves a place for a key that it does not know", async () => {
    const { stdout, stderr } = await connect(["claude-code"]);
    expect(stdout).toContain("Bearer YOUR_CLIENT_KEY");
    expect(stderr).toBe(HINT);
  });

  it.each([
    [{ PORT: "8080" }, "http://127.0.0.1:8080/mcp"],
    [{ HOST: "::1" }, "http://[::1]:3000/mcp"],
    [{ HOST: "0.0.0.0" }, "http://localhost:3000/mcp"],
    [{ PUBLIC_URL: "https://mcp.example.org", PORT: "0" }, "https://mcp.example.org/mcp"],
  ])("finds the address in the settings %j", async (env, url) => {
    const { stdout } = await connect(["cursor", "--json"], env);
    expect((JSON.parse(stdout) as { text: string }).text).toContain(`"url": "${url}"`);
  });

  it("takes another address by --url", async () => {
    const { stdout } = await connect(["claude-code", "--url", "https://a.example/mcp"]);
    expect(stdout).toContain(" https://a.example/mcp ");
  });

  it("asks for the address of a server on any free port", async () => {
    expect(await connect(["cursor"], { PORT: "0" })).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "mcp-plugin-server: PORT=0 lets the server take any free port. Say which it took: --url http://127.0.0.1:<port>/mcp\n",
    });
  });

  it("prints JSON with --json", async () => {
    const { status, stdout, stderr } = await connect(["cursor", "--json"], { MCP_CLIENT_KEY: KEY });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      id: "cursor",
      name: "Cursor",
      file: `${homedir()}/.cursor/mcp.json`,
      text: expect.stringContaining(KEY),
      command: null,
    });
  });

  it("lists the clients it knows", async () => {
    const plain = await connect(["list"]);
    expect(plain).toEqual({ status: 0, stdout: `${clientIds().join("\n")}\n`, stderr: "" });
    expect(JSON.parse((await connect(["list", "--json"])).stdout)).toEqual(clientIds());
    expect(clientIds()).toEqual(expect.arrayContaining([...COMMON_CLIENTS]));
  });
});

describe("the configuration of a client", () => {
  it.each(clientIds())("%s carries address and key", (id) => {
    const { text, command } = clientConfig(id, "https://mcp.example.org/mcp", KEY);
    for (const way of [text, ...(command === null ? [] : [command])]) {
      expect(way).toContain("https://mcp.example.org/mcp");
      expect(way).toContain(KEY);
    }
  });

  it.each(clientIds())("%s names no authorization where the server asks for none", (id) => {
    const { text, command } = clientConfig(id, "https://mcp.example.org/mcp", null);
    expect(text).toContain("https://mcp.example.org/mcp");
    expect(`${text}${command}`).not.toMatch(/authorization|bearer|AUTH_HEADER/i);
  });
});
