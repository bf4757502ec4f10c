import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { runCli, temporaryFolder, withFixture } from "../helpers/server-process.ts";
import { startStdioProcess, type StdioProcess } from "../helpers/stdio-process.ts";

const FOUR_MIB = 4 * 1024 * 1024;
const PING = { jsonrpc: "2.0", id: 1, method: "ping" };
const PONG = { jsonrpc: "2.0", id: 1, result: {} };
const ORDERLY = { code: 0, signal: null };

let folder: ReturnType<typeof temporaryFolder>;
let env: Record<string, string>;

beforeAll(() => {
  folder = temporaryFolder();
  env = { ...withFixture(folder.path), LOG_LEVEL: "info" };
});

afterAll(() => folder.remove());

const call = (id: number, tool: string, args: object = {}) => ({
  id,
  method: "tools/call",
  params: { name: `e2e_${tool}`, arguments: args },
});

describe("what comes on stdin", () => {
  let server: StdioProcess;

  beforeAll(async () => {
    server = startStdioProcess(folder.path, env);
    await server.initialize();
  });

  afterAll(async () => {
    server.child.stdin.end();
    await server.exited;
  });

  it.each([
    ["no JSON", "hello", -32700],
    ["half a message", '{"jsonrpc":"2.0","id":1', -32700],
    ["zeros", "\u0000\u0000", -32700],
    ["a list, which has not been a message since 2025-06-18", JSON.stringify([PING]), -32600],
    ["a number", "7", -32600],
    ["no JSON-RPC", '{"id":1,"method":"ping"}', -32600],
    ["what is too deep", "[".repeat(100) + "]".repeat(100), -32600],
    ["bytes that are no UTF-8", new Uint8Array([0xff, 0xfe, 0xc0]), -32700],
  ])("that is %s gets an error, and the next message its answer", async (_, line, code) => {
    server.write(line);
    server.write("\n");
    expect(await server.next()).toMatchObject({ jsonrpc: "2.0", error: { code } });
    server.send(PING);
    expect(await server.next()).toEqual(PONG);
  });

  it("is refused beyond four MiB, once, and what follows is served", async () => {
    server.write(`{"padding":"${"x".repeat(FOUR_MIB)}`);
    expect(await server.next()).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32000, message: `The message must not exceed ${FOUR_MIB} bytes` },
    });
    for (let part = 0; part < 8; part++) server.write("x".repeat(FOUR_MIB));
    server.write(`"}\n${JSON.stringify(PING)}\n`);
    expect(await server.next()).toEqual(PONG);
  });

  it("may be nearly four MiB, and come in any pieces", async () => {
    const text = "ä€😀".repeat(FOUR_MIB / 10);
    const bytes = Buffer.from(
      `${JSON.stringify({ jsonrpc: "2.0", ...call(2, "echo", { text }) })}\n`,
    );
    expect(bytes.length).toBeGreaterThan(FOUR_MIB * 0.85);
    for (let at = 0; at < bytes.length; at += 65_537) {
      server.write(bytes.subarray(at, at + 65_537));
    }
    expect(await server.next()).toMatchObject({ id: 2, result: { content: [{ text }] } });
  });

  it("may break within a character", async () => {
    const bytes = Buffer.from(
      `${JSON.stringify({ jsonrpc: "2.0", ...call(3, "echo", { text: "😀" }) })}\n`,
    );
    const within = bytes.indexOf(0xf0) + 2;
    server.write(bytes.subarray(0, within));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.write(bytes.subarray(within));
    expect(await server.next()).toMatchObject({ result: { content: [{ text: "😀" }] } });
  });

  it("may end its lines as Windows does, have blank ones, and a byte order mark", async () => {
    server.write(`\r\n\n   \n\uFEFF${JSON.stringify(PING)}\r\n`);
    expect(await server.next()).toEqual(PONG);
  });

  it("may be many messages at once", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => index);
    server.write(ids.map((id) => `${JSON.stringify({ ...PING, id })}\n`).join(""));
    const got = await Promise.all(ids.map(() => server.next()));
    expect(got.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(ids);
  });
});

describe("stdout", () => {
  it("carries the protocol alone, whatever a plugin prints", async () => {
    const server = startStdioProcess(folder.path, env);
    await server.initialize();
    const text = "printed by a plugin";
    server.send(call(1, "print", { text }));
    expect(await server.next()).toMatchObject({
      id: 1,
      result: { content: [{ text: "printed" }] },
    });
    server.send(call(2, "print", { text: "once more" }));
    expect(await server.next()).toMatchObject({ id: 2 });
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
    expect(server.stdout()).not.toMatch(/by a plugin|once more/);
    for (const line of server.stdout().trimEnd().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
    }
    const log = server.stderr().trimEnd().split("\n");
    const printed = log.map((line) => JSON.parse(line) as { message: string; from?: string });
    expect(printed.filter(({ message }) => message === text).map(({ from }) => from)).toEqual([
      "console",
      "stdout",
      "stdout",
    ]);
  });

  it("shows no banner, and stderr nothing but trouble unless it is asked to", async () => {
    const { LOG_LEVEL: _, ...quiet } = env;
    const server = startStdioProcess(folder.path, quiet);
    server.send(PING);
    expect(await server.next()).toEqual(PONG);
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
    expect(server.stdout().trimEnd().split("\n")).toHaveLength(1);
    expect(server.stderr()).toBe("");
  });

  it("holds back what a client does not read, and brings all of it in the end", async () => {
    const server = startStdioProcess(folder.path, env);
    await server.initialize();
    server.child.stdout.pause();
    const text = "x".repeat(100_000);
    const ids = Array.from({ length: 100 }, (_, index) => index);
    for (const id of ids) server.send(call(id, "echo", { text }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.child.stdout.resume();
    const got = await Promise.all(ids.map(() => server.next()));
    expect(got.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(ids);
    expect(got.every(({ result }) => result.content[0].text === text)).toBe(true);
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
  });
});

describe("the start", () => {
  it("answers nothing before plugins have been started, so that the first list is whole", async () => {
    const slow = withFixture(join(folder.path), { startDelayMs: 700 });
    const server = startStdioProcess(folder.path, slow);
    const { headers: _, ...request } = modernRequest("tools/list");
    server.write(`${request.body}\n`);
    const { result } = await server.next();
    const names = (result.tools as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["e2e_echo", "time_now"]));
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
    withFixture(folder.path);
  });

  it("makes the data folder with a master key, and no secrets of clients", async () => {
    const server = startStdioProcess(folder.path, env, ["--data-dir", "fresh"]);
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
    expect(readdirSync(join(folder.path, "fresh"))).toEqual(["master.key", "server.db"]);
    expect(server.stdout()).toBe("");
  });

  it("needs no port, and none of what makes listening safe", async () => {
    const open = { ...env, HOST: "0.0.0.0", PORT: "1", MCP_AUTH: "none" };
    const server = startStdioProcess(folder.path, open);
    server.send(PING);
    expect(await server.next()).toEqual(PONG);
    server.child.stdin.end();
    expect(await server.exited).toEqual(ORDERLY);
  });

  it.each<[what: string, args: string[], status: number, words: string]>([
    ["a plugins file that is not there", ["--config", "nowhere.json"], 2, "nowhere.json"],
    ["a port", ["--port", "0"], 1, "Unknown option"],
    ["an argument", ["now"], 1, "Too many arguments"],
  ])("refuses %s on stderr, with nothing on stdout", (_, args, status, words) => {
    const result = runCli(["stdio", ...args], { cwd: folder.path });
    expect(result).toMatchObject({ status, stdout: "" });
    expect(result.stderr.toLowerCase()).toContain(words.toLowerCase());
  });
});

it("serves a plugin from a folder beside it, which writes and reads as if the pipes were its own", async () => {
  const own = temporaryFolder();
  mkdirSync(join(own.path, "plugins/mine"), { recursive: true });
  mkdirSync(join(own.path, "config"));
  writeFileSync(
    join(own.path, "plugins/mine/index.js"),
    `import { definePlugin } from "mcp-plugin-server/plugin";
     process.stdout.write("loading\\n");
     process.stdin.resume();
     export default definePlugin({ name: "mine", version: "1.0.0", description: "Mine.",
       tools: { hello: { description: "Greets.", handler: () => "Hello." } } });`,
  );
  const plugins = { mine: { package: "./mine" } };
  writeFileSync(join(own.path, "config/plugins.json"), JSON.stringify({ plugins }));
  const server = startStdioProcess(own.path);
  await server.initialize();
  const answer = await server.call("tools/call", { name: "mine_hello" });
  expect(answer.result.content).toEqual([{ type: "text", text: "Hello." }]);
  server.child.stdin.end();
  expect(await server.exited).toEqual(ORDERLY);
  own.remove();
});
