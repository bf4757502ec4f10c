import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMON_CLIENTS } from "../../adapters/node/cli/common-clients.ts";
import {
  callTool,
  startProcess,
  temporaryFolder,
  withFixture,
  type RunOptions,
  type ServerProcess,
} from "../helpers/server-process.ts";

let folder: ReturnType<typeof temporaryFolder>;
const processes: ServerProcess[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map((server) => server.stop()));
  folder.remove();
});

function start(args: readonly string[] = [], env: RunOptions["env"] = {}): ServerProcess {
  const server = startProcess(args, { cwd: folder.path, env });
  processes.push(server);
  return server;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Every byte that the data folder holds, write-ahead log included. */
function storedBytes(): string {
  const data = join(folder.path, "data");
  return readdirSync(data)
    .map((name) => readFileSync(join(data, name), "latin1"))
    .join("\n");
}

describe("the first run", () => {
  it("makes a data folder that its owner alone may read", async () => {
    const server = start(["--json"]);
    const { dataDir } = await server.banner();
    const files = readdirSync(dataDir);
    expect(dataDir).toBe(join(folder.path, "data"));
    expect(modeOf(dataDir)).toBe("700");
    expect(files).toEqual(expect.arrayContaining(["master.key", "server.db", "server.db-wal"]));
    expect(files.map((name) => [name, modeOf(join(dataDir, name))])).toEqual(
      files.map((name) => [name, "600"]),
    );
  });

  it("stores no secret before it was shown, however the start ends", async () => {
    const first = start(["--json"], withFixture(folder.path, { startDelayMs: 60_000 }));
    await first.printed("Getting ready");
    first.child.kill("SIGKILL");
    await first.exited;
    const banner = await start(["--json"], withFixture(folder.path)).banner();
    expect(banner.clientKey).toMatch(/^mcpk_/);
    expect(banner.adminToken).toMatch(/^mcpa_/);
  });

  it("prints exactly one line of JSON with --json, with the secrets it made", async () => {
    const server = start(["--json"], withFixture(folder.path));
    const banner = await server.banner();
    expect(Object.keys(banner)).toEqual([
      "url",
      "mcpUrl",
      "adminToken",
      "clientKey",
      "dataDir",
      "pid",
    ]);
    expect(banner.mcpUrl).toBe(`${banner.url}/mcp`);
    expect(banner.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(banner.adminToken).toMatch(/^mcpa_[A-Za-z0-9_-]{43}$/);
    expect(banner.clientKey).toMatch(/^mcpk_[A-Za-z0-9_-]{43}$/);
    expect(banner.pid).toBe(server.child.pid);
    await callTool(banner, banner.clientKey!, "e2e_echo", { text: "x" });
    await server.stop();
    expect(server.stdout().split("\n")).toHaveLength(2);
    expect(server.stderr()).toContain('"message":"Printed by a plugin"');
    expect(server.stdout().endsWith("\n")).toBe(true);
  });

  it("prints one block with addresses, secrets and the configuration of the common clients", async () => {
    const server = start([], withFixture(folder.path));
    await server.printed("Server listens");
    const block = server.stdout();
    const clientKey = /Client key {4}(mcpk_\S+)/.exec(block)?.[1];
    const adminToken = /Admin token {3}(mcpa_\S+)/.exec(block)?.[1];
    const mcpUrl = /MCP address {3}(\S+)/.exec(block)?.[1];
    expect(clientKey).toMatch(/^mcpk_[A-Za-z0-9_-]{43}$/);
    expect(adminToken).toMatch(/^mcpa_[A-Za-z0-9_-]{43}$/);
    expect(mcpUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    expect(block).toMatch(/Plugins {7}e2e, time \(\d+ tools\)/);
    for (const name of ["Claude Code", "Claude for Desktop", "VS Code", "Cursor", "Codex"]) {
      expect(block).toContain(`\n  ${name}: `);
    }
    // Each of the five configurations carries the key and the address; each secret stands once more in its own line.
    expect(block.split(clientKey!)).toHaveLength(COMMON_CLIENTS.length + 2);
    expect(block.split(mcpUrl!)).toHaveLength(COMMON_CLIENTS.length + 2);
    expect(block.split(adminToken!)).toHaveLength(2);
    expect(server.stderr()).not.toContain(clientKey);
    expect(server.stderr()).not.toContain(adminToken);
    const { status } = await callTool({ mcpUrl: mcpUrl! }, clientKey!, "e2e_echo", { text: "hi" });
    expect(status).toBe(200);
  });

  it("stores nothing but hashes of what it showed", async () => {
    const server = start(["--json"]);
    const { clientKey, adminToken } = await server.banner();
    const whileRunning = storedBytes();
    await server.stop();
    for (const bytes of [whileRunning, storedBytes()]) {
      for (const secret of [clientKey!, adminToken!]) {
        expect(bytes).not.toContain(secret);
        expect(bytes).not.toContain(secret.slice(5));
      }
      expect(bytes).toContain("first run");
    }
  });

  it("shows its secrets to the next run when this one could not listen", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    const refused = start(["--port", String(port)]);
    expect(await refused.exited).toEqual({ code: 2, signal: null });
    expect(refused.stdout()).toBe("");
    await new Promise((resolve) => squatter.close(resolve));

    const { clientKey, adminToken } = await start(["--json"]).banner();
    expect(clientKey).toMatch(/^mcpk_/);
    expect(adminToken).toMatch(/^mcpa_/);
  });

  it("says in the block which plugin does not run, and why", async () => {
    const env = withFixture(folder.path);
    const server = start(["--plugins-dir", folder.path], env);
    await server.printed("Server listens");
    expect(server.stdout()).toMatch(/Not running {3}e2e: Package "\.\/e2e" was not found/);
    expect(server.stdout()).toMatch(/Plugins {7}time /);
  });
});

describe("a later run", () => {
  it("prints the block without secrets, and the old ones still work", async () => {
    const env = withFixture(folder.path);
    const first = start(["--json"], env);
    const { clientKey, adminToken } = await first.banner();
    await first.stop();

    const second = start([], env);
    await second.printed("Server listens");
    expect(second.stdout()).toContain("MCP address");
    expect(second.stdout()).not.toMatch(/mcp[ak]_/);
    expect(second.stdout()).not.toContain("Bearer");
    const mcpUrl = /MCP address {3}(\S+)/.exec(second.stdout())![1]!;
    expect(second.stdout()).toContain(
      `\n    npm start --silent -- connect claude-code --url ${mcpUrl}\n`,
    );
    expect((await callTool({ mcpUrl }, clientKey!, "e2e_echo", { text: "x" })).status).toBe(200);
    const plugins = await fetch(new URL("/api/plugins", mcpUrl), {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(plugins.status).toBe(200);
    await plugins.body?.cancel();
  });

  it("leaves secrets out of the JSON line", async () => {
    const first = start(["--json"]);
    await first.banner();
    await first.stop();
    expect(Object.keys(await start(["--json"]).banner())).toEqual([
      "url",
      "mcpUrl",
      "dataDir",
      "pid",
    ]);
  });
});

describe("secrets from the environment", () => {
  const clientKey = "a-client-key-of-my-own-making";
  const adminToken = "an-admin-token-of-my-own-making";

  it("are used, not shown, and not stored", async () => {
    const server = start(["--json"], {
      ...withFixture(folder.path),
      MCP_CLIENT_KEY: clientKey,
      MCP_ADMIN_TOKEN: adminToken,
    });
    const banner = await server.banner();
    expect(Object.keys(banner)).toEqual(["url", "mcpUrl", "dataDir", "pid"]);
    expect((await callTool(banner, clientKey, "e2e_echo", { text: "x" })).status).toBe(200);
    const plugins = await fetch(`${banner.url}/api/plugins`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(plugins.status).toBe(200);
    await plugins.body?.cancel();
    expect(storedBytes()).not.toContain(clientKey);
    expect(storedBytes()).not.toContain(adminToken);
  });

  it("are gone from the environment by the time a plugin looks", async () => {
    const masterKey = "0123456789abcdef".repeat(4);
    const server = start(["--json"], {
      ...withFixture(folder.path),
      MCP_CLIENT_KEY: clientKey,
      MCP_ADMIN_TOKEN: adminToken,
      MCP_MASTER_KEY: masterKey,
      BYSTANDER: "still here",
    });
    const { text } = await callTool(await server.banner(), clientKey, "e2e_environment");
    expect(text).toContain("still here");
    for (const trace of [clientKey, adminToken, masterKey, "MCP_CLIENT_KEY", "MCP_MASTER_KEY"]) {
      expect(text).not.toContain(trace);
    }
  });
});

describe("MCP_AUTH=none", () => {
  it("serves without a key, makes none, and shows configurations without one", async () => {
    const server = start([], { ...withFixture(folder.path), MCP_AUTH: "none" });
    await server.printed("Server listens");
    const block = server.stdout();
    expect(block).toContain("Client key    none needed (MCP_AUTH=none)");
    expect(block).not.toContain("mcpk_");
    expect(block).not.toContain("Bearer");
    expect(block).toContain("claude mcp add mcp-plugin-server ");
    const mcpUrl = /MCP address {3}(\S+)/.exec(block)![1]!;
    const { status } = await callTool({ mcpUrl }, "any", "e2e_echo", { text: "x" });
    expect(status).toBe(200);
  });

  it("is left behind by a run with keys, which makes the first client key then", async () => {
    const open = start(["--json"], { MCP_AUTH: "none" });
    expect((await open.banner()).clientKey).toBeUndefined();
    await open.stop();
    const { clientKey, adminToken } = await start(["--json"]).banner();
    expect(clientKey).toMatch(/^mcpk_/);
    expect(adminToken).toBeUndefined();
  });
});
