import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { FAULT_TIMEOUT, reportFigure, scaled } from "./figures.ts";
import { makeMemorySecrets, type MemorySecret } from "./memory-secrets.ts";
import { makePlaceFolder } from "./node-place.ts";
import { scanProcessMemory } from "./process-memory.ts";

const CHILD = fileURLToPath(new URL("children/memory-uses.ts", import.meta.url));
const USES = scaled(200, 2_000);

/** glibc overwrites what is freed. */
const ERASING = { GLIBC_TUNABLES: "glibc.malloc.perturb=85" };
/** OpenSSL's decoder frees the DER that it has read as it is; most such blocks, not all, are soon used for something else. */
const FREED_BY_OPENSSL = /as in DER$/;

// The kernel shows another process's memory as a file on Linux alone.
describe.skipIf(process.platform !== "linux")("the memory of a process with a vault", () => {
  it(
    "has no copy of a secret after uses by bytes and a collection",
    async () => {
      const { used, collected, scannedBytes, requests } = await scanAfterUses(USES);
      expect(requests).toBe(USES);
      // As much as a Node process cannot do without.
      expect(scannedBytes).toBeGreaterThan(20_000_000);
      const ours = Object.keys(collected).filter((trace) => !FREED_BY_OPENSSL.test(trace));
      expect(ours).toEqual([]);
      // A key of Web Crypto holds a secret until it is collected; what is in nobody's hands must be gone before that.
      expect(
        Object.keys(used).filter((trace) => /^(token|RS256 raw|ES256 raw)/.test(trace)),
      ).toEqual([]);
      reportFigure("process memory: uses of each of 4 secrets", USES);
      reportFigure("process memory: bytes scanned", scannedBytes);
      reportFigure("process memory: copies found", ours.length);
      const freed = Object.keys(collected).length - ours.length;
      reportFigure("process memory: parts of keys in what OpenSSL freed", freed);
    },
    FAULT_TIMEOUT,
  );

  it(
    "has none in freed memory either, where the allocator overwrites that",
    async () => {
      const { collected, requests } = await scanAfterUses(USES, { env: ERASING });
      expect(requests).toBe(USES);
      expect(collected).toEqual({});
      reportFigure("process memory: copies found with an erasing allocator", 0);
    },
    FAULT_TIMEOUT,
  );

  it(
    "has the secrets that somebody keeps, so that the scan would find one",
    async () => {
      const { collected } = await scanAfterUses(1, { args: ["keep"] });
      const strings = ["token raw", "HS256 raw", "RS256 raw", "ES256 raw"];
      const numbers = ["d", "p", "q"].flatMap((name) => [
        `RS256 ${name} as in DER`,
        `RS256 ${name} backwards`,
      ]);
      expect(Object.keys(collected)).toEqual(expect.arrayContaining([...strings, ...numbers]));
    },
    FAULT_TIMEOUT,
  );
});

interface ScanOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What is left of secrets in a process that has used each so many times, before and after it has collected garbage. */
async function scanAfterUses(uses: number, { args = [], env = {} }: ScanOptions = {}) {
  const secrets = makeMemorySecrets();
  const folder = makePlaceFolder();
  onTestFinished(folder.remove);
  const { port, requests } = await startReceiver(secrets[0]!);
  const argv = ["--expose-gc", CHILD, folder.path, String(uses), String(port), ...args];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (line: string) => {
    const { value } = await lines.next();
    if (value !== line) throw new Error(`It did not say "${line}".\n${complaints}`);
  };
  child.stdin.write(Buffer.concat(secrets.map(({ bytes }) => withLength(bytes))));
  await said("used");
  const before = tracesIn(child.pid!, secrets);
  child.stdin.write("\n");
  await said("collected");
  const after = tracesIn(child.pid!, secrets);
  return {
    used: before.copies,
    collected: after.copies,
    scannedBytes: after.scannedBytes,
    requests: requests(),
  };
}

/** How often each trace was found, without those that were not. */
function tracesIn(pid: number, secrets: readonly MemorySecret[]) {
  const traces = secrets.flatMap(({ name, traces: own }) =>
    own.map(({ form, bytes }) => ({ name: `${name} ${form}`, bytes })),
  );
  const needles = traces.map(({ bytes }) => bytes);
  const { copies: counts, scannedBytes } = scanProcessMemory(pid, needles);
  const copies: Record<string, number> = {};
  traces.forEach(({ name }, index) => {
    const found = counts[index]!;
    if (found > 0) copies[name] = (copies[name] ?? 0) + found;
  });
  return { copies, scannedBytes };
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
