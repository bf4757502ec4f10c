import { createHmac } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AdminClient } from "../../adapters/node/cli/admin-client.ts";
import type { ServerFile } from "../../adapters/node/server-file.ts";
import { canary } from "../helpers/canary.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";

const SECRET = Buffer.alloc(32, 5).toString("base64url");
const REQUEST_ID = "0199e0c2-6d1c-7c7e-9f0a-3d2b6a1c9e55";
const ENDED_EARLY = {
  code: "CONFIG_INVALID",
  message:
    "The server ended its answer too early, so it may have stopped. Look into its log, and try again once it runs.",
};

const proofOf = (challenge: string) =>
  createHmac("sha256", Buffer.alloc(32, 5))
    .update(Buffer.from(challenge, "base64url"))
    .digest("base64url");

/** A client of a server that answers so. */
async function clientOf(answer: RequestListener, answerWithinMs?: number): Promise<AdminClient> {
  const facts = await listen(createServer(answer));
  return new AdminClient(facts, "mcpa_token", { ...(answerWithinMs && { answerWithinMs }) });
}

/** What the file of a server that has begun to listen would say. Closed when the test ends. */
async function listen(server: Server): Promise<ServerFile> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { pid: process.pid, url, certFile: null, secret: SECRET };
}

describe("the client of the admin API", () => {
  it("ends a command with 2 and a sentence when the server dies on its way", async () => {
    const folder = makeVaultFolder();
    const server = createServer(({ url }, response) => {
      const challenge = new URL(url!, "http://localhost").searchParams.get("challenge");
      if (challenge !== null) response.end(JSON.stringify({ proof: proofOf(challenge) }));
      else response.write('{"progress":{"done":1,"total":2}}\n', () => response.destroy());
    });
    const facts = await listen(server);
    mkdirSync(folder.dataDir);
    writeFileSync(join(folder.dataDir, "server.json"), JSON.stringify(facts));
    const env = { ...folder.env, MCP_ADMIN_TOKEN: canary("mcpa_of_a_server_that_dies_") };
    for (const command of ["rotate", "verify"]) {
      expect(await runHere(["vault", command], env)).toEqual({
        status: 2,
        stdout: "",
        stderr: `mcp-plugin-server: ${ENDED_EARLY.message}\n`,
      });
    }
  });

  it("answers the result of long work as it is, and reports how far it is", async () => {
    const client = await clientOf((_, response) =>
      response.end('{"progress":{"done":1,"total":2}}\n{"done":true,"checked":2,"faults":[]}\n'),
    );
    const reports: unknown[] = [];
    const result = await client.work("/", {}, (progress) => reports.push(progress));
    expect(result).toEqual({ checked: 2, faults: [] });
    expect(reports).toEqual([{ done: 1, total: 2 }]);
  });

  it.each([
    ["ends between two lines", '{"progress":{"done":1,"total":2}}\n', false],
    ["ends within a line", '{"progress":{"done":1,"total":2}}\n{"progr', false],
    ["dies between two lines", '{"progress":{"done":1,"total":2}}\n', true],
    ["dies within a line", '{"progr', true],
    ["is something else", "<html>\n", false],
    ["says nothing", "", false],
  ])("says so when the server %s while it works", async (_, text, dies) => {
    const client = await clientOf((_request, response) => {
      response.write(text, () => (dies ? response.destroy() : response.end()));
      if (text === "") response.end();
    });
    await expect(client.work("/", {}, () => {})).rejects.toMatchObject(ENDED_EARLY);
  });

  it("says so when the server dies in the middle of an answer", async () => {
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    await expect(client.send("GET", "/")).rejects.toMatchObject(ENDED_EARLY);
    await expect(client.json("GET", "/")).rejects.toMatchObject(ENDED_EARLY);
  });

  it("says so when what should be JSON is none", async () => {
    const client = await clientOf((_request, response) => response.end('{"data":['));
    await expect(client.json("GET", "/")).rejects.toMatchObject(ENDED_EARLY);
  });

  it("does not wait for ever for a server that does not answer", async () => {
    const client = await clientOf(() => {}, 50);
    await expect(client.send("GET", "/")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /^The server at http:.+ does not answer: nothing came within 0\.05 seconds$/,
      ) as string,
    });
  });

  it("waits for the end of an answer that has begun", async () => {
    const client = await clientOf((_request, response) => {
      response.write("begun");
      setTimeout(() => response.end(", ended"), 150);
    }, 50);
    expect(await client.send("GET", "/")).toBe("begun, ended");
  });

  it.each([
    [401, "UNAUTHENTICATED", ""],
    [404, "NOT_FOUND", ""],
    [422, "BODY_INVALID", ""],
    [500, "INTERNAL", ` The server's log has more: requestId ${REQUEST_ID}.`],
    [503, "VAULT_UNAVAILABLE", ` The server's log has more: requestId ${REQUEST_ID}.`],
  ])("names the log for a refusal with %i %s only when it has more", async (status, code, more) => {
    const client = await clientOf((_request, response) => {
      response.writeHead(status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ title: "A sentence.", status, code, requestId: REQUEST_ID }));
    });
    const refused = { code, message: `The server refused: A sentence.${more}` };
    await expect(client.send("GET", "/")).rejects.toMatchObject(refused);
  });

  it("names the log for work that failed on its way", async () => {
    const error = { code: "VAULT_UNAVAILABLE", requestId: REQUEST_ID };
    const client = await clientOf((_, response) => response.end(`${JSON.stringify({ error })}\n`));
    await expect(client.work("/", {}, () => {})).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: `The server refused: It failed (VAULT_UNAVAILABLE). The server's log has more: requestId ${REQUEST_ID}.`,
    });
  });
});
