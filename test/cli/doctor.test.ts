import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { runCli, runHere, startProcess, temporaryFolder } from "../helpers/server-process.ts";

interface Answer {
  readonly ok: boolean;
  readonly checks: readonly { name: string; ok: boolean; problem: string | null }[];
}

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(inFolder("plugins.json"), '{ "plugins": {} }');
});

afterEach(() => folder.remove());

const inFolder = (name: string) => join(folder.path, name);

async function doctor(env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await runHere(["doctor", "--json"], {
    PORT: "0",
    MCP_DATA_DIR: inFolder("data"),
    MCP_CONFIG: inFolder("plugins.json"),
    ...env,
  });
  return { status, stderr, ...(JSON.parse(stdout) as Answer) };
}

/** What fails, by the first word of the check's name. */
function failures(answer: Answer): Record<string, string | null> {
  return Object.fromEntries(
    answer.checks.filter(({ ok }) => !ok).map(({ name, problem }) => [name.split(" ")[0], problem]),
  );
}

describe("doctor", () => {
  it("finds nothing wrong with an empty folder, and leaves it empty", async () => {
    rmSync(inFolder("plugins.json"));
    const { status, stdout, stderr } = runCli(["doctor", "--json"], {
      cwd: folder.path,
      env: { PORT: "0" },
    });
    const { ok, checks } = JSON.parse(stdout) as Answer;
    expect({ status, stderr, ok }).toEqual({ status: 0, stderr: "", ok: true });
    expect(checks.map(({ name }) => name)).toEqual([
      `Node ${process.versions.node}`,
      "safe to listen on 127.0.0.1",
      "some port is free",
      `data folder ${inFolder("data")}`,
      "master key",
      "database",
      "vault",
      `plugins file ${inFolder("config/plugins.json")}`,
      "every plugin is found",
    ]);
    expect(checks.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("finds nothing wrong with the data of a server, even while it runs", async () => {
    const server = startProcess(["--json"], { cwd: folder.path });
    const { mcpUrl } = await server.banner();
    expect(failures(await doctor())).toEqual({});
    expect(failures(await doctor({ PORT: new URL(mcpUrl).port }))).toEqual({});
    await server.stop();
    expect(failures(await doctor())).toEqual({});
  });

  it("prints a line a check for people, and exits with 2 when one fails", async () => {
    const { status, stdout } = await runHere(["doctor"], {
      PORT: "0",
      MCP_AUTH: "none",
      PUBLIC_URL: "https://mcp.example.org",
    });
    expect(status).toBe(2);
    expect(stdout).toContain(`ok    Node ${process.versions.node}\n`);
    expect(stdout).toContain("FAIL  safe to listen on 127.0.0.1\n      MCP_AUTH=none lets");
  });

  it("finds a port that is taken", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    const answer = await doctor({ PORT: String(port) });
    squatter.close();
    expect(answer.status).toBe(2);
    expect(failures(answer)).toEqual({
      port: `listen EADDRINUSE: address already in use 127.0.0.1:${port}. Does another server run there? If it is not to be stopped, choose another with PORT.`,
    });
  });

  it("finds a data folder that others may read", async () => {
    mkdirSync(inFolder("data"));
    chmodSync(inFolder("data"), 0o755);
    expect(failures(await doctor())).toEqual({
      data: "Others of this machine may read it. The next start sets its mode to 700.",
    });
  });

  it("finds a data folder that is a file", async () => {
    writeFileSync(inFolder("data"), "");
    expect(failures(await doctor())).toEqual({
      data: "It is not a folder. Choose another: MCP_DATA_DIR.",
    });
  });

  it("finds a data folder that could not be made", async () => {
    writeFileSync(inFolder("file"), "");
    expect(failures(await doctor({ MCP_DATA_DIR: inFolder("file/data") }))).toEqual({
      data: expect.stringContaining(inFolder("file")),
    });
  });

  it("finds a master key that is none, given or stored", async () => {
    const problem = "The master key must be exactly 32 bytes, as base64 or as hex.";
    expect(failures(await doctor({ MCP_MASTER_KEY: "tooshort" }))).toEqual({
      master: `MCP_MASTER_KEY: ${problem}`,
    });
    mkdirSync(inFolder("data"), { mode: 0o700 });
    writeFileSync(inFolder("data/master.key"), "cut sho");
    expect(failures(await doctor())).toEqual({
      master: `${inFolder("data/master.key")}: ${problem}`,
    });
  });

  it("finds a database that is none", async () => {
    writeFileSync(inFolder("x.db"), "this is no database ".repeat(50));
    expect(failures(await doctor({ DATABASE_URL: `file:${inFolder("x.db")}` }))).toEqual({
      database: "file is not a database",
      vault: "file is not a database",
    });
  });

  it("finds a master key that is not the vault's, or is gone", async () => {
    const MCP_DATA_DIR = inFolder("data");
    const env = { MCP_DATA_DIR, MCP_CONFIG: inFolder("plugins.json") };
    await (await startNodeServer({ ...env, PORT: "0" })).close();
    expect(failures(await doctor())).toEqual({});
    const { vault } = failures(await doctor({ MCP_MASTER_KEY: "02".repeat(32) }));
    expect(vault).toMatch(
      /^The vault cannot be opened: .+ The key is that of MCP_MASTER_KEY: set it/,
    );

    rmSync(join(MCP_DATA_DIR, "master.key"));
    const gone = failures(await doctor())["vault"];
    expect(gone).toContain(`put the file ${join(MCP_DATA_DIR, "master.key")} back`);
    expect(existsSync(join(MCP_DATA_DIR, "master.key"))).toBe(false);
  });

  it("finds what is wrong with the plugins file", async () => {
    writeFileSync(inFolder("p.json"), '{ "plugins": [] }');
    const { plugins } = failures(await doctor({ MCP_CONFIG: inFolder("p.json") }));
    expect(plugins).toContain("p.json is not valid");
    expect(plugins).toContain("/plugins");
  });

  it("finds plugins that are not there or have no entry", async () => {
    mkdirSync(inFolder("plugins/empty"), { recursive: true });
    writeFileSync(
      inFolder("p.json"),
      JSON.stringify({
        plugins: {
          a: { package: "./absent" },
          b: { package: "./empty" },
          c: { package: "no-such-npm-package" },
        },
      }),
    );
    const { every } = failures(
      await doctor({ MCP_CONFIG: inFolder("p.json"), MCP_PLUGINS_DIR: inFolder("plugins") }),
    );
    expect(every).toContain(`./absent is not in ${inFolder("plugins")}`);
    expect(every).toContain("./empty: It has no index.ts");
    expect(every).toContain("no-such-npm-package is not in ");
  });

  it("refuses settings that are wrong, as a start does", async () => {
    const { status, stdout, stderr } = await runHere(["doctor"], { PORT: "many" });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^mcp-plugin-server: PORT must be a number/);
  });
});
