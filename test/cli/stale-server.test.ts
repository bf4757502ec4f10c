import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findServer } from "../../adapters/node/cli/vault-access.ts";
import { readServerFile, type ServerFile } from "../../adapters/node/server-file.ts";
import { canary } from "../helpers/canary.ts";
import { startNodeServer } from "../helpers/node-server.ts";
import { runHere, startProcess } from "../helpers/server-process.ts";
import { makeVaultFolder, type VaultFolder } from "../helpers/vault-folder.ts";

const TOKEN = canary("mcpa_of_the_server_that_was_killed_");
const VALUE = canary("key-of-a-stale-server ");
const SECRET = Buffer.alloc(32, 5).toString("base64url");

interface Listener {
  readonly url: string;
  /** All that it was sent: request lines, headers and bodies. */
  readonly received: () => string;
}

/** Somebody else's server, which writes down what it gets. Closed when the test ends. */
async function listen(answer: RequestListener): Promise<Listener> {
  let received = "";
  const server = createServer((request, response) => {
    received += `${request.method} ${request.url} ${request.rawHeaders.join(" ")}\n`;
    request.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
    answer(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received: () => received };
}

/** Leaves the file of a server that was killed: its port is somebody else's by now, and its process id, too. */
function leaveFile({ dataDir }: VaultFolder, url: string): ServerFile {
  const facts = { pid: process.pid, url, certFile: null, secret: SECRET };
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, "server.json"), JSON.stringify(facts));
  return facts;
}

const challengeOf = ({ url }: IncomingMessage) =>
  new URL(url!, "http://x").searchParams.get("challenge");
const healthy = (text: string) => (_: IncomingMessage, response: { end(text: string): void }) =>
  response.end(text);

describe("a file that a killed server left", () => {
  it.each<[what: string, answer: RequestListener]>([
    ["says that it is well", healthy('{"status":"ok"}')],
    [
      "answers the challenge itself",
      (request, response) => response.end(JSON.stringify({ proof: challengeOf(request) })),
    ],
    [
      "proves that it knows another secret",
      (request, response) => {
        const other = createHmac("sha256", Buffer.alloc(32, 6));
        const proof = other.update(Buffer.from(challengeOf(request) ?? "", "base64url"));
        response.end(JSON.stringify({ proof: proof.digest("base64url") }));
      },
    ],
    ["has an empty proof", healthy('{"proof":""}')],
    ["has a proof that is no text", healthy('{"proof":null}')],
    ["answers what is no JSON", healthy("<html>")],
    ["redirects", (_, response) => response.writeHead(307, { location: "/elsewhere" }).end()],
    ["hangs up", (_, response) => response.destroy()],
  ])("hands the token to no other server on its port, which %s", async (_, answer) => {
    const folder = makeVaultFolder();
    await runHere(["credentials", "set", "keeper", "api_key"], folder.env, VALUE);
    const other = await listen(answer);
    leaveFile(folder, other.url);
    const env = { ...folder.env, MCP_ADMIN_TOKEN: TOKEN };
    const listed = await runHere(["credentials", "list", "--json"], env);
    // As if none had ever run: by the data folder itself.
    expect(listed).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(listed.stdout)).toMatchObject({
      data: [{ plugin: "keeper", name: "api_key" }],
    });
    expect(
      (await runHere(["credentials", "set", "keeper", "endpoint"], env, "https://a.example"))
        .status,
    ).toBe(0);
    // It was asked, and it has got nothing but the question.
    expect(other.received()).toMatch(/^GET \/api\/server-proof\?challenge=[\w-]{43} /);
    expect(other.received()).not.toContain("mcpa_");
    expect(other.received()).not.toMatch(/authorization/i);
    expect(other.received()).not.toContain(SECRET);
  });

  it("is believed where the challenge is answered with the file's secret", async () => {
    const folder = makeVaultFolder();
    const own = await listen((request, response) => {
      const challenge = Buffer.from(challengeOf(request) ?? "", "base64url");
      const proof = createHmac("sha256", Buffer.alloc(32, 5)).update(challenge).digest("base64url");
      response.end(JSON.stringify({ proof }));
    });
    const facts = leaveFile(folder, own.url);
    expect(await findServer(folder.dataDir)).toEqual(facts);
  });

  it("asks another question each time", async () => {
    const folder = makeVaultFolder();
    const other = await listen(healthy("{}"));
    leaveFile(folder, other.url);
    for (let times = 0; times < 3; times++) expect(await findServer(folder.dataDir)).toBeNull();
    const challenges = other.received().match(/challenge=[\w-]+/g);
    expect(new Set(challenges).size).toBe(3);
  });

  it("leads to no other server of this kind that has taken the port", async () => {
    const [left, taken] = [makeVaultFolder(), makeVaultFolder()];
    await runHere(["credentials", "set", "keeper", "api_key"], left.env, VALUE);
    const server = startProcess(["--json"], { cwd: left.path, env: left.env });
    const { url } = await server.banner();
    server.child.kill("SIGKILL");
    await server.exited;
    const port = new URL(url).port;
    const facts = readServerFile(left.dataDir)!;
    expect(facts.url).toBe(url);
    const other = await startNodeServer({ ...taken.env, PORT: port });
    writeFileSync(
      join(left.dataDir, "server.json"),
      JSON.stringify({ ...facts, pid: process.pid }),
    );

    const env = { ...left.env, MCP_ADMIN_TOKEN: TOKEN };
    const { status, stdout } = await runHere(["credentials", "list", "--json"], env);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ data: [{ plugin: "keeper", name: "api_key" }] });
    // A wrong token would stand in its log.
    expect(other.logs.filter(({ message }) => message === "Request refused")).toEqual([]);
  });
});

describe("the file of a server that runs", () => {
  it("has a secret of that start alone, which stands nowhere else", async () => {
    const folder = makeVaultFolder();
    const secrets: string[] = [];
    for (let start = 0; start < 2; start++) {
      const server = await startNodeServer({ ...folder.env, LOG_LEVEL: "debug" });
      const { secret } = readServerFile(folder.dataDir)!;
      expect(Buffer.from(secret, "base64url")).toHaveLength(32);
      expect(await findServer(folder.dataDir)).toMatchObject({ url: server.url });
      expect(JSON.stringify(server.logs)).not.toContain(secret);
      secrets.push(secret);
      await server.close();
    }
    expect(secrets[0]).not.toBe(secrets[1]);
  });

  it("with another secret in it leads nowhere", async () => {
    const folder = makeVaultFolder();
    await startNodeServer(folder.env);
    const file = join(folder.dataDir, "server.json");
    const facts = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...facts, secret: SECRET }));
    expect(await findServer(folder.dataDir)).toBeNull();
  });
});
