import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { makeMemorySecrets, type MemorySecret } from "./memory-secrets.ts";
import { makePlaceFolder } from "./node-place.ts";
import { scanProcessMemory } from "./process-memory.ts";

const CHILD = fileURLToPath(new URL("children/memory-uses.ts", import.meta.url));
const USES = scaled(200, 2_000);

// The kernel shows another process's memory as a file on Linux alone.
describe.skipIf(process.platform !== "linux")("the memory of a process with a vault", () => {
  it(
    "has no copy of a secret after uses by bytes and a collection",
    async () => {
      const { copies, scannedBytes, requests } = await scanAfterUses(USES);
      expect(requests).toBe(USES);
      // As much as a Node process cannot do without.
      expect(scannedBytes).toBeGreaterThan(20_000_000);
      expect(copies).toEqual({});
      reportFigure("process memory: uses of each of 4 secrets", USES);
      reportFigure("process memory: bytes scanned", scannedBytes);
      reportFigure("process memory: copies found", 0);
    },
    FAULT_TIMEOUT,
  );

  it(
    "has the secrets that somebody keeps as strings, so that the scan would find one",
    async () => {
      const { copies } = await scanAfterUses(1, "keep");
      for (const name of ["token", "HS256", "RS256", "ES256"]) {
        expect(copies, name).toHaveProperty([`${name} raw`]);
      }
    },
    FAULT_TIMEOUT,
  );
});

/** What is left of secrets in a process that has used each so many times: how often by name and form, without noughts. */
async function scanAfterUses(uses: number, ...args: readonly string[]) {
  const secrets = makeMemorySecrets();
  const folder = makePlaceFolder();
  onTestFinished(folder.remove);
  const { port, requests } = await startReceiver(secrets[0]!);
  const argv = ["--expose-gc", CHILD, folder.path, String(uses), String(port), ...args];
  const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin.end(Buffer.concat(secrets.map(({ bytes }) => withLength(bytes))));
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`It ended.\n${complaints}`)));
  await Promise.race([once(child.stdout, "data"), ended]);
  const traces = secrets.flatMap(({ name, traces: own }) =>
    own.map(({ form, bytes }) => ({ name: `${name} ${form}`, bytes })),
  );
  const scan = scanProcessMemory(
    child.pid!,
    traces.map(({ bytes }) => bytes),
  );
  const copies: Record<string, number> = {};
  traces.forEach(({ name }, index) => {
    const found = scan.copies[index]!;
    if (found > 0) copies[name] = (copies[name] ?? 0) + found;
  });
  ended.catch(() => undefined);
  return { copies, scannedBytes: scan.scannedBytes, requests: requests() };
}

/** An HTTP server that counts requests with the token, in this process: what it receives is no copy of the child's. */
async function startReceiver({ bytes }: MemorySecret) {
  let count = 0;
  const server = createServer((request, response) => {
    const isRight = request.headers.authorization === `Bearer ${bytes.toString()}`;
    if (isRight) count++;
    response.writeHead(isRight ? 204 : 401).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, requests: () => count };
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
