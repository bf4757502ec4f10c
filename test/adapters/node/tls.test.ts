import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { connect, type SecureVersion } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modernRequest } from "../../helpers/mcp.ts";
import { openNodeServer, type NodeServer } from "../../helpers/node-server.ts";
import { sendRaw } from "../../helpers/raw-http.ts";
import { temporaryFolder } from "../../helpers/server-process.ts";

const folder = temporaryFolder();
const TLS_CERT_FILE = `${folder.path}/cert.pem`;
const TLS_KEY_FILE = `${folder.path}/key.pem`;

beforeAll(() => {
  const subject = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=IP:127.0.0.1,DNS:localhost",
  ];
  const files = ["-keyout", TLS_KEY_FILE, "-out", TLS_CERT_FILE];
  const kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...files], { stdio: "pipe" });
});
afterAll(() => folder.remove());

describe("a server with a certificate", () => {
  it("serves tool calls over TLS, and the same gate is before them", async () => {
    const server = await openNodeServer({ TLS_CERT_FILE, TLS_KEY_FILE });
    expect(server.mcpUrl).toBe(`https://127.0.0.1:${server.port}/mcp`);
    const params = { name: "e2e_echo", arguments: { text: "Hello." } };
    const { headers, body } = modernRequest("tools/call", params);
    const all = {
      ...headers,
      authorization: `Bearer ${server.clientKey}`,
    };
    const answer = await send(server, all, body);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      200,
      { result: { content: [{ text: "Hello." }] } },
    ]);
    expect((await send(server, { ...all, authorization: "" }, body)).status).toBe(401);
    expect((await send(server, { ...all, host: "evil.example" }, body)).status).toBe(403);
    expect((await send(server, { ...all, origin: "https://evil.example" }, body)).status).toBe(403);
  });

  it("answers nothing in plain text, and lives on", async () => {
    const server = await openNodeServer({ TLS_CERT_FILE, TLS_KEY_FILE });
    const plain = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
    expect((await sendRaw(server.port, plain, 1)).statuses).toEqual([]);
    expect((await send(server, {}, null)).status).toBe(401);
  });

  it.each<[version: SecureVersion, offered: boolean]>([
    ["TLSv1.3", true],
    ["TLSv1.2", true],
    ["TLSv1.1", false],
    ["TLSv1", false],
  ])("speaks %s: %s", async (version, offered) => {
    const server = await openNodeServer({ TLS_CERT_FILE, TLS_KEY_FILE });
    expect(await handshake(server.port, version)).toBe(offered ? version : null);
  });
});

/** The version that was agreed on, or `null`. */
function handshake(port: number, version: SecureVersion): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      minVersion: version,
      maxVersion: version,
      ca: readFileSync(TLS_CERT_FILE),
      // Else the client itself would refuse the old versions.
      ciphers: "DEFAULT:@SECLEVEL=0",
    });
    socket.once("secureConnect", () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once("error", () => resolve(null));
  });
}

function send(
  { mcpUrl }: Pick<NodeServer, "mcpUrl">,
  headers: Record<string, string>,
  body: string | null,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const method = body === null ? "GET" : "POST";
    const sent = request(
      mcpUrl,
      // Named, because it would follow the Host header otherwise.
      { method, headers, ca: readFileSync(TLS_CERT_FILE), servername: "localhost", agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => resolve({ status: response.statusCode!, text }));
      },
    );
    sent.once("error", reject);
    sent.end(body ?? undefined);
  });
}
