import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { startProcess, temporaryFolder, type Banner } from "../helpers/server-process.ts";
import { FAULT_TIMEOUT, IS_FULL, reportFigure, scaled } from "./figures.ts";

const IDLE = scaled(300, 1_000);
const SLOW = scaled(20, 50);
const GREEDY = scaled(10, 30);
const MIB = 1024 * 1024;
/** Each asks for so many answers of a mebibyte and reads none; systems on the way hold some of them. */
const UNREAD = scaled(4, 20);
const MEASURE_MS = scaled(1_500, 10_000);

const CODE = `
const large = "x".repeat(1024 * 1024);
export default class {
  name = "demo"; version = "1.0.0"; description = "Answers.";
  async initialize() {}
  getTools() { return [{ name: "small" }, { name: "large" }]; }
  getResources() { return []; }
  async executeTool(name) { return name === "large" ? large : "here"; }
  async cleanup() {}
}
`;

type Server = Required<Banner>;

async function open() {
  const { path, remove } = temporaryFolder();
  mkdirSync(join(path, "plugins/demo"), { recursive: true });
  writeFileSync(join(path, "plugins/demo/index.js"), CODE);
  writeFileSync(join(path, "plugins.json"), '{ "plugins": { "demo": { "package": "./demo" } } }');
  const server = startProcess(["--json"], {
    cwd: path,
    env: { MCP_CONFIG: join(path, "plugins.json"), MCP_RATE_LIMITS: "off" },
  });
  onTestFinished(async () => {
    await server.stop();
    remove();
  });
  return { server, banner: (await server.banner()) as Server };
}

/** A socket that says something and then nothing, with what was answered and whether it was closed. */
function say(port: number, text: string, isRead = true) {
  const socket: Socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const seen = { status: null as number | null, bytes: 0, isClosed: false };
  socket.on("data", (chunk) => {
    seen.bytes += chunk.length;
    seen.status ??= Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString("latin1"))?.[1]);
  });
  if (!isRead) socket.pause();
  socket.on("error", () => {});
  socket.on("close", () => (seen.isClosed = true));
  socket.write(text);
  return { seen, socket };
}

/** Calls a tool one time after the other; answers how long each took, sorted, in milliseconds. */
async function callAllTheTime({ mcpUrl, clientKey }: Server, ms: number): Promise<number[]> {
  const { headers, body } = modernRequest("tools/call", { name: "demo_small" });
  const times: number[] = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const began = performance.now();
    const response = await fetch(mcpUrl, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${clientKey}` },
      body,
    });
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringContaining("here"),
    ]);
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b);
}

const quantile = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;

it(
  `serves a good client beside ${IDLE} idle connections, slow requests, and clients that read nothing`,
  { timeout: FAULT_TIMEOUT },
  async () => {
    const { server, banner } = await open();
    const port = Number(new URL(banner.mcpUrl).port);
    const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${banner.clientKey}\r\n`;
    await callAllTheTime(banner, 500);
    const before = await callAllTheTime(banner, MEASURE_MS);

    const idle = Array.from({ length: IDLE }, () => say(port, ""));
    const slowHeads = Array.from({ length: SLOW }, () => say(port, `${head}X-Slow: `));
    const slowBodies = Array.from({ length: SLOW }, () =>
      say(port, `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`),
    );
    const { headers, body } = modernRequest("tools/call", { name: "demo_large" });
    const all = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `${head}${all.join("")}Content-Length: ${body.length}\r\n\r\n${body}`;
    const greedy = Array.from({ length: GREEDY }, () => say(port, request.repeat(UNREAD), false));

    const beside = await callAllTheTime(banner, MEASURE_MS);
    reportFigure("slow clients: p99 of a good client alone, ms", quantile(before, 0.99));
    reportFigure("slow clients: p99 of a good client beside them, ms", quantile(beside, 0.99));
    expect(server.child.exitCode).toBeNull();
    if (!IS_FULL) return;

    // Limits are for heads 10 s, for a whole request 30 s, for what waits unread 30 to 60 s.
    const times = await callAllTheTime(banner, 65_000);
    reportFigure(
      "slow clients: p99 of a good client while they are cut off, ms",
      quantile(times, 0.99),
    );
    await pause(1_000);
    const ends = (sockets: readonly ReturnType<typeof say>[]) =>
      sockets.map(({ seen }) => [seen.status, seen.isClosed]);
    expect(ends(slowHeads)).toEqual(slowHeads.map(() => [408, true]));
    expect(ends(slowBodies)).toEqual(slowBodies.map(() => [408, true]));
    expect(ends(idle)).toEqual(idle.map(() => [408, true]));
    for (const { socket } of greedy) socket.resume();
    await pause(3_000);
    expect(greedy.map(({ seen }) => [seen.isClosed, seen.bytes < UNREAD * MIB])).toEqual(
      greedy.map(() => [true, true]),
    );
  },
);
