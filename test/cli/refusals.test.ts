import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli, runHere, temporaryFolder } from "../helpers/server-process.ts";

const squatter = createServer();
let port: string;
let folder: ReturnType<typeof temporaryFolder>;

beforeAll(async () => {
  folder = temporaryFolder();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  port = String((squatter.address() as AddressInfo).port);
  writeFileSync(join(folder.path, "broken.json"), '{\n  "plugins": {}\n');
  writeFileSync(join(folder.path, "unknown.json"), '{ "plugins": { "a": { "pakage": "./a" } } }');
  writeFileSync(join(folder.path, "garbage.db"), "this is no database ".repeat(50));
  mkdirSync(join(folder.path, "a-folder"));
});

afterAll(() => {
  squatter.close();
  folder.remove();
});

/** Runs `serve` in an empty folder; `$F` in a value stands for the folder and `$P` for a port that is taken. */
function serve(env: Record<string, string>, args: string[] = []) {
  const filled = Object.entries({ PORT: "0", ...env }).map(([name, value]) => [
    name,
    value.replace("$F", folder.path).replace("$P", port),
  ]);
  return runCli(args, { cwd: folder.path, env: Object.fromEntries(filled) });
}

describe("an argument too many", () => {
  it.each([
    ["plugin", "enable", "a"],
    ["tools", "call", "a", "{}"],
    ["key", "revoke", "a"],
    ["credentials", "rm", "a", "b"],
    ["oauth", "revoke", "a"],
    ["vault", "verify"],
    ["audit", "verify"],
    ["doctor"],
    ["connect", "cursor"],
  ])("is refused, and nothing is done: %s %s", (...command) => {
    const { status, stdout, stderr } = runCli([...command, "too-many"], {
      cwd: folder.path,
      env: {},
    });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/Too many arguments/);
  });
});

describe("a start that cannot be", () => {
  it.each([
    [
      "a port that is taken",
      { PORT: "$P" },
      /^Port \d+ of 127\.0\.0\.1 is in use\. Stop what uses/,
    ],
    ["a port that is none", { PORT: "x" }, /^PORT must be a number from 0 to 65535/],
    [
      "an address that is not ours",
      { HOST: "192.0.2.1", PUBLIC_URL: "https://mcp.example.org" },
      /^Cannot listen on 192\.0\.2\.1:0: /,
    ],
    ["a missing plugins file", { MCP_CONFIG: "$F/no.json" }, /^MCP_CONFIG names .*no\.json, which/],
    ["a folder as plugins file", { MCP_CONFIG: "$F/a-folder" }, /a-folder cannot be read: EISDIR/],
    ["a plugins file cut short", { MCP_CONFIG: "$F/broken.json" }, /broken\.json:3:1: /],
    [
      "a file as data folder",
      { MCP_DATA_DIR: "$F/broken.json" },
      /^The data folder .*broken\.json cannot be made: /,
    ],
    [
      "a file that is no database",
      { DATABASE_URL: "file:$F/garbage.db" },
      /^The database .*garbage\.db cannot be opened: /,
    ],
    [
      "a database in no folder",
      { DATABASE_URL: "file:$F/no/x.db" },
      /^The database .*x\.db cannot be opened: /,
    ],
    [
      "a database that is no file",
      { DATABASE_URL: "postgres://a:hunter2@b/c" },
      /^DATABASE_URL must be file: and the path/,
    ],
    ["a master key that is none", { MCP_MASTER_KEY: "tooshort" }, /^MCP_MASTER_KEY: .* 32 bytes/],
    ["other machines without TLS", { HOST: "0.0.0.0" }, /^HOST=0\.0\.0\.0 is reachable from other/],
    [
      "other machines without authentication",
      { HOST: "0.0.0.0", MCP_AUTH: "none", PUBLIC_URL: "https://mcp.example.org" },
      /^MCP_AUTH=none lets anybody call every tool/,
    ],
  ])("because of %s says so in one line and exits with 2", (_, env, message) => {
    const { status, stdout, stderr } = serve(env);
    expect(stderr).toMatch(/^mcp-plugin-server: .+\n$/);
    expect(stderr.slice("mcp-plugin-server: ".length)).toMatch(message);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });

  it("names every mistake of a plugins file by its place", () => {
    const { status, stderr } = serve({ MCP_CONFIG: "$F/unknown.json" });
    expect(status).toBe(2);
    expect(stderr).toContain("/plugins/a");
    expect(stderr).toContain("pakage");
    expect(stderr).not.toContain("    at ");
  });

  it("says it as one line of JSON on stderr with --json", () => {
    const { status, stdout, stderr } = serve({ MCP_AUTH: "none", HOST: "0.0.0.0" }, ["--json"]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "UNSAFE_LISTEN", message: expect.stringMatching(/^MCP_AUTH=none lets/) },
    });
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["bogus"], "Unknown command: bogus"],
    [["--bogus"], "Unknown option '--bogus'"],
    [["connect"], "Missing required argument 'client'"],
    [
      ["connect", "netscape"],
      'Unknown client: netscape. Try one of claude-code, claude-desktop, vscode, cursor, codex; "connect list" names all.',
    ],
    [
      ["connect", "codex", "--url", "example.org"],
      "Option '--url <url>' argument 'example.org' is invalid. It must be an http:// or https:// address.",
    ],
  ])("%j is answered in words, with exit code 1", async (args, message) => {
    const { status, stdout, stderr } = await runHere(args);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: `mcp-plugin-server: ${message}\n"mcp-plugin-server --help" lists commands and options.\n`,
    });
  });

  it("is answered as JSON with --json", async () => {
    const { status, stderr } = await runHere(["bogus", "--json"]);
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "USAGE", message: "Unknown command: bogus" },
    });
  });
});

describe("help", () => {
  it("names the commands on stdout", async () => {
    const { status, stdout, stderr } = await runHere(["--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const command of ["serve", "stdio", "connect", "doctor", "--version", "--help"]) {
      expect(stdout).toContain(command);
    }
  });

  it("takes no secret as an option", async () => {
    const helps = await Promise.all(
      ["serve", "stdio", "connect", "doctor"].map((command) => runHere([command, "--help"])),
    );
    const options = helps
      .map(({ stdout }) => stdout)
      .join("\n")
      .match(/--[a-z-]+/g);
    expect([...new Set(options)].toSorted()).toEqual([
      "--config",
      "--data-dir",
      "--help",
      "--host",
      "--json",
      "--plugins-dir",
      "--port",
      "--stdio",
      "--url",
      "--version",
    ]);
  });
});
