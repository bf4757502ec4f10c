import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { describe, expect, it } from "vitest";
import { findServer } from "../../adapters/node/cli/vault-access.ts";
import { canary } from "../helpers/canary.ts";
import { startNodeServer } from "../helpers/node-server.ts";
import { ROOT, runCli, runHere } from "../helpers/server-process.ts";
import {
  digestOf,
  keptDigest,
  makeVaultFolder,
  type VaultFolder,
} from "../helpers/vault-folder.ts";

const VALUE = canary("key-8c1f ");
const NOW = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;

interface Opened {
  readonly folder: VaultFolder;
  /** With what the commands are run. */
  readonly env: Readonly<Record<string, string>>;
  /** The digest that the plugin sees. */
  readonly digest: (name?: string) => Promise<string>;
}

/** The two ways of the commands to the vault: both must do the same. */
const WAYS: readonly { readonly way: string; readonly open: () => Promise<Opened> }[] = [
  {
    way: "through the server that runs",
    async open() {
      const folder = makeVaultFolder();
      const server = await startNodeServer(folder.env);
      return {
        folder,
        env: { ...folder.env, MCP_ADMIN_TOKEN: server.adminToken },
        digest: (name) => keptDigest(server, name),
      };
    },
  },
  {
    way: "on the data folder",
    async open() {
      const folder = makeVaultFolder();
      return {
        folder,
        env: folder.env,
        async digest(name) {
          const server = await startNodeServer(folder.env);
          const digest = await keptDigest(server, name);
          await server.close();
          return digest;
        },
      };
    },
  },
];

describe.each(WAYS)("credentials, $way", ({ open }) => {
  it("are set from stdin, listed without their values, and removed", async () => {
    const { env, digest } = await open();
    const set = await runHere(["credentials", "set", "keeper", "api_key"], env, `${VALUE}\n`);
    expect(set).toEqual({
      status: 0,
      stdout: "",
      stderr: "Stored api_key of keeper.\n",
    });
    expect(await digest()).toBe(digestOf(VALUE));

    const owner = "client:somebody";
    await runHere(
      ["credentials", "set", "spare", "endpoint", "--owner", owner],
      env,
      "https://a.example",
    );
    const listed = await runHere(["credentials", "list", "--json"], env);
    expect(JSON.parse(listed.stdout)).toEqual({
      data: [
        {
          plugin: "keeper",
          name: "api_key",
          owner: "shared",
          createdAt: expect.any(Number),
          updatedAt: expect.any(Number),
        },
        {
          plugin: "spare",
          name: "endpoint",
          owner,
          createdAt: expect.any(Number),
          updatedAt: expect.any(Number),
        },
      ],
    });
    const table = (await runHere(["credentials", "list", "spare"], env)).stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    expect(table).toEqual([
      ["PLUGIN", "NAME", "OWNER", "CHANGED"],
      ["spare", "endpoint", owner, NOW],
    ]);

    const removed = await runHere(["credentials", "rm", "keeper", "api_key"], env);
    expect(removed).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "Removed api_key of keeper.\n",
    });
    expect(await digest()).toBe("none");
    const again = await runHere(["credentials", "rm", "keeper", "api_key", "--json"], env);
    expect(again).toMatchObject({ status: 2, stdout: "" });
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: "CREDENTIAL_NOT_FOUND" } });
  });

  it.each([
    ["one line break at the end less", `${VALUE}\n`, VALUE],
    ["one of Windows less", `${VALUE}\r\n`, VALUE],
    ["without any", VALUE, VALUE],
    ["with all others", `key-1\n${VALUE}\n\n`, `key-1\n${VALUE}\n`],
    ["with blanks and characters of any kind", ` \tkey-é😀 `, null],
    ["with characters of any kind", `key-é😀 `, `key-é😀 `],
  ])("take stdin as it is, %s", async (_, stdin, expected) => {
    const { env, digest } = await open();
    const { status } = await runHere(["credentials", "set", "keeper", "api_key"], env, stdin);
    // What the manifest says of the field holds both ways.
    expect(status).toBe(expected === null ? 2 : 0);
    expect(await digest()).toBe(expected === null ? "none" : digestOf(expected));
  });

  it("ask a person, and store nothing when there is no answer", async () => {
    const { env, digest } = await open();
    const set = ["credentials", "set", "keeper", "api_key"];
    const gaveUp = await runHere(set, env, [null]);
    expect(gaveUp).toEqual({
      status: 2,
      stdout: "",
      stderr: "mcp-plugin-server: There is no value, so nothing was stored.\n",
      questions: ["Value of api_key of keeper"],
    });
    expect((await runHere(set, env, [""])).status).toBe(2);
    expect((await runHere(set, env, [VALUE])).status).toBe(0);
    expect(await digest()).toBe(digestOf(VALUE));
  });

  it.each([
    ["an empty value", ["keeper", "api_key"], "\n", "CREDENTIAL_INVALID"],
    [
      "a value that is not UTF-8",
      ["keeper", "api_key"],
      new Uint8Array([0x6b, 0xff]),
      "CREDENTIAL_INVALID",
    ],
    ["a value of another form", ["keeper", "api_key"], "wrong 8c1f", "CREDENTIAL_INVALID"],
    [
      "an address that is none",
      ["keeper", "endpoint"],
      "not an address 8c1f",
      "CREDENTIAL_INVALID",
    ],
    ["a field that the plugin does not have", ["keeper", "token"], VALUE, "CREDENTIAL_INVALID"],
    ["a plugin that is not configured", ["nobody", "api_key"], VALUE, "NOT_FOUND"],
  ])("refuse %s, and repeat nothing of it", async (_, args, stdin, code) => {
    const { env } = await open();
    const { status, stdout, stderr } = await runHere(
      ["credentials", "set", ...args, "--json"],
      env,
      stdin,
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code } });
    expect(stderr).not.toContain("8c1f");
    const listed = await runHere(["credentials", "list", "--json"], env);
    expect(listed.stdout).toBe('{"data":[]}\n');
  });

  it.each(["$own", "a/b", "", "é", "x".repeat(65)])("refuse the name %j", async (name) => {
    const { env } = await open();
    await runHere(["credentials", "set", "keeper", "api_key"], env, VALUE);
    const { status, stdout } = await runHere(["credentials", "set", "keeper", name], env, VALUE);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const listed = await runHere(["credentials", "list", "--json"], env);
    expect(JSON.parse(listed.stdout)).toMatchObject({ data: [{ name: "api_key" }] });
  });

  it.each(["everybody", "client:", "user:x", "client:a b"])(
    "refuse the owner %j",
    async (owner) => {
      const { env } = await open();
      const set = ["credentials", "set", "keeper", "api_key"];
      expect((await runHere(set, env, VALUE)).status).toBe(0);
      expect((await runHere([...set, "--owner", owner], env, VALUE)).status).toBe(2);
      const { stdout } = await runHere(["credentials", "list", "--json"], env);
      expect(JSON.parse(stdout)).toMatchObject({ data: [{ owner: "shared" }] });
    },
  );

  it("name the plugins that there are", async () => {
    const { env } = await open();
    const { stderr } = await runHere(["credentials", "set", "nobody", "api_key"], env, VALUE);
    expect(stderr).toBe(
      'mcp-plugin-server: No plugin is configured as "nobody". There are: keeper, spare.\n',
    );
  });

  it("say so when there are none", async () => {
    const { env } = await open();
    await runHere(["credentials", "set", "keeper", "api_key"], env, VALUE);
    await runHere(["credentials", "rm", "keeper", "api_key"], env);
    expect(await runHere(["credentials", "list"], env)).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "There are no credentials.\n",
    });
  });

  it("leave nothing of a value in the data folder that can be read", async () => {
    const { env, folder } = await open();
    await runHere(["credentials", "set", "keeper", "api_key"], env, VALUE);
    const files = readdirSync(folder.dataDir, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder.dataDir, name))
      .filter((path) => statSync(path).isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const bytes = readFileSync(file);
      expect([file, bytes.includes(VALUE)]).toEqual([file, false]);
      expect([file, bytes.includes(Buffer.from(VALUE).toString("base64url"))]).toEqual([
        file,
        false,
      ]);
    }
  });
});

describe("credentials beside a server", () => {
  it("need the admin token, and say so before a value is asked for", async () => {
    const folder = makeVaultFolder();
    const server = await startNodeServer(folder.env);
    const asked = await runHere(["credentials", "set", "keeper", "api_key"], folder.env, [VALUE]);
    expect(asked).toEqual({
      status: 2,
      stdout: "",
      stderr: `mcp-plugin-server: The server ${server.url} (process ${process.pid}) runs on ${folder.dataDir}, so this goes through it: set MCP_ADMIN_TOKEN (or MCP_ADMIN_TOKEN_FILE) to its admin token, or stop it first.\n`,
      questions: [],
    });
  });

  it("are refused with another token", async () => {
    const folder = makeVaultFolder();
    await startNodeServer(folder.env);
    const env = { ...folder.env, MCP_ADMIN_TOKEN: "mcpa_another_token_0123456789" };
    const { status, stderr } = await runHere(["credentials", "list"], env);
    expect(status).toBe(2);
    expect(stderr).toBe(
      "mcp-plugin-server: The server refused: A valid key or token is needed: send it as Authorization: Bearer.\n",
    );
  });

  it.each([
    ["whose process is gone", () => spawnSync(process.execPath, ["--version"]).pid],
    ["that does not answer", () => process.pid],
  ])("do not ask one %s", async (_, pidOf) => {
    const folder = makeVaultFolder();
    await runHere(["credentials", "set", "keeper", "api_key"], folder.env, VALUE);
    const secret = "A".repeat(43);
    const facts = { pid: pidOf(), url: "http://127.0.0.1:1", certFile: null, secret };
    writeFileSync(join(folder.dataDir, "server.json"), JSON.stringify(facts));
    expect((await runHere(["credentials", "list"], folder.env)).status).toBe(0);
  });

  it("find it behind its own certificate, which nobody else trusts", async () => {
    const folder = makeVaultFolder();
    const TLS_CERT_FILE = join(ROOT, "test/fixtures/tls/cert.pem");
    const TLS_KEY_FILE = join(ROOT, "test/fixtures/tls/key.pem");
    const server = await startNodeServer({ ...folder.env, TLS_CERT_FILE, TLS_KEY_FILE });
    const env = { ...folder.env, MCP_ADMIN_TOKEN: server.adminToken };
    expect(server.url).toMatch(/^https:/);
    expect((await runHere(["credentials", "set", "keeper", "api_key"], env, VALUE)).status).toBe(0);

    // Where another certificate answers, nothing is sent.
    const file = join(folder.dataDir, "server.json");
    const facts = JSON.parse(readFileSync(file, "utf8")) as object;
    const other = join(folder.path, "other.pem");
    writeFileSync(other, rootCertificates[0]!);
    writeFileSync(file, JSON.stringify({ ...facts, certFile: other }));
    expect(await findServer(folder.dataDir)).toBeNull();
  });

  it("find it by a file that is there while it listens", async () => {
    const folder = makeVaultFolder();
    const server = await startNodeServer(folder.env);
    expect(existsSync(join(folder.dataDir, "server.json"))).toBe(true);
    await server.close();
    expect(existsSync(join(folder.dataDir, "server.json"))).toBe(false);
  });
});

it("credentials set takes a value from a pipe, in a process of its own", () => {
  const { path, env } = makeVaultFolder();
  const set = ["credentials", "set", "keeper", "api_key"];
  const run = (input: string) => runCli(set, { cwd: path, env, input });
  expect(run(`${VALUE}\n`)).toEqual({
    status: 0,
    stdout: "",
    stderr: "Stored api_key of keeper.\n",
  });
  const tooLong = run(`key-${"x".repeat(70_000)}`);
  expect(tooLong).toEqual({
    status: 2,
    stdout: "",
    stderr: "mcp-plugin-server: stdin has more than 65538 bytes.\n",
  });
});
