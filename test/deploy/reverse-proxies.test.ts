import { setTimeout as pause } from "node:timers/promises";
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Agent, fetch as undiciFetch } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type RunningServer } from "../../adapters/node/server.ts";
import { readSettings } from "../../adapters/node/settings.ts";
import { connectV2Over } from "../helpers/e2e-client.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { modernRequest, type JsonRpcAnswer } from "../helpers/mcp.ts";
import { temporaryFolder, withFixture } from "../helpers/server-process.ts";
import { openSse } from "../helpers/sse-client.ts";
import { openSocket } from "../helpers/websocket.ts";
import { isInstalled, unlessInstalled } from "./programs.ts";
import { makeCertificate, NAME, PROXIES, type RunningProxy } from "./proxies.ts";

const MEBIBYTE = 1024 * 1024;
/** More than the system's buffers on the way take. */
const FLOOD = 64 * MEBIBYTE;

/** Leads the name of the configurations to this machine. */
const lookup = (
  _name: string,
  { all }: { readonly all?: boolean },
  done: (error: null, address: unknown, family?: number) => void,
) => (all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4));

describe.each(PROXIES)("$program", ({ program, start, stranger }) => {
  describe.skipIf(!isInstalled(program))(
    `with the configuration shipped${unlessInstalled(program)}`,
    () => {
      const folder = temporaryFolder();
      let agent: Agent;
      let ca: string;
      let server: RunningServer;
      let key: string;
      let proxy: RunningProxy;

      beforeAll(async () => {
        ({ ca } = makeCertificate(folder.path));
        agent = new Agent({ connect: { ca, lookup } as object });
        const settings = {
          PORT: "0",
          MCP_DATA_DIR: `${folder.path}/data`,
          PUBLIC_URL: `https://${NAME}`,
          MCP_TRUSTED_PROXIES: "loopback",
          ...withFixture(folder.path),
        };
        server = await startServer(readSettings(settings), createRecordingLogger());
        key = server.created.clientKey!;
        proxy = await start(folder.path, server.port);
      });
      afterAll(async () => {
        await agent?.close();
        await proxy?.stop();
        await server?.close();
        folder.remove();
      });

      const origin = () => `https://${NAME}:${proxy.port}`;
      const ask = (url: string | URL, init: object = {}) =>
        undiciFetch(url, { ...init, dispatcher: agent }) as unknown as Promise<Response>;

      /** The answer to a request of HTTP/1.1 that names another host than it goes to. */
      const askAs = (host: string, port: number) =>
        new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
          const options = { host: "127.0.0.1", port, servername: NAME, ca, path: "/healthz" };
          get({ ...options, headers: { host } }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part: string) => (text += part));
            response.on("end", () => resolve({ status: response.statusCode, text }));
          }).on("error", reject);
        });

      it("passes a tool call, and no key is no key there either", async () => {
        const { headers, body } = modernRequest("tools/call", {
          name: "e2e_echo",
          arguments: { text: "Hello." },
        });
        const call = (authorization: string) =>
          ask(`${origin()}/mcp`, { method: "POST", headers: { ...headers, authorization }, body });
        const answer = await call(`Bearer ${key}`);
        expect([answer.status, await answer.json()]).toMatchObject([
          200,
          { result: { content: [{ text: "Hello." }] } },
        ]);
        expect((await call("Bearer mcpk_nobody-ever-made-this-key")).status).toBe(401);
      });

      it("passes the progress of a call while it runs", async () => {
        const transport = new StreamableHTTPClientTransport(new URL(`${origin()}/mcp`), {
          fetch: ask,
          requestInit: { headers: { authorization: `Bearer ${key}` } },
        });
        const client = await connectV2Over(transport);
        const steps: number[] = [];
        const options = {
          onprogress: ({ progress }: { progress: number }) => steps.push(progress),
        };
        expect((await client.call("e2e_count", {}, options)).content).toEqual([
          { type: "text", text: "counted" },
        ]);
        expect(steps).toEqual([1, 2, 3]);
        await client.close();
      });

      it("tells the server that a client has gone, which cancels its call", async () => {
        const call = (name: string, init: object = {}) => {
          const { headers, body } = modernRequest("tools/call", { name, arguments: {} });
          const authorized = { ...headers, authorization: `Bearer ${key}` };
          return ask(`${origin()}/mcp`, { method: "POST", headers: authorized, body, ...init });
        };
        const aborted = async () => {
          const { result } = (await (await call("e2e_aborted")).json()) as JsonRpcAnswer;
          return result.structuredContent.count as number;
        };
        expect(await aborted()).toBe(0);
        const leaving = new AbortController();
        const waiting = call("e2e_wait", { signal: leaving.signal });
        await pause(200);
        leaving.abort();
        await expect(waiting).rejects.toThrow("aborted");
        for (const end = Date.now() + 3_000; (await aborted()) === 0 && Date.now() < end;) {
          await pause(20);
        }
        expect(await aborted()).toBe(1);
      });

      it("passes the events of HTTP+SSE as they come", async () => {
        const authorized = {
          request: (path: string, init: RequestInit = {}) =>
            ask(`${origin()}${path}`, {
              ...init,
              headers: { ...(init.headers as object), authorization: `Bearer ${key}` },
            }),
        };
        const client = await openSse(authorized);
        await client.initialize();
        const call = { name: "e2e_echo", arguments: { text: "Hello." } };
        expect(await client.call("tools/call", call)).toMatchObject({
          result: { content: [{ text: "Hello." }] },
        });
        await client.close();
      });

      it("passes a WebSocket, and its end", async () => {
        const client = await openSocket(`${origin()}/mcp`, {
          authorizedBy: key,
          ca,
          lookup,
        } as object);
        expect(
          await client.request("tools/call", { name: "e2e_echo", arguments: { text: "Hello." } }),
        ).toMatchObject({ result: { content: [{ text: "Hello." }] } });
        client.ws.close(1000);
        expect(await client.closed).toEqual({ code: 1000, reason: "" });
        const nobody = openSocket(`${origin()}/mcp`, { ca, lookup } as object);
        await expect(nobody).rejects.toThrow("Unexpected server response: 401");
      });

      it("passes the way back of OAuth, and logs its path alone", async () => {
        const path = "/oauth/callback/time";
        const query = "?code=code-of-a-provider&state=state-of-ours";
        const answer = await ask(`${origin()}${path}${query}`);
        const direct = await ask(`http://127.0.0.1:${server.port}${path}${query}`);
        expect(answer.status).toBe(410);
        expect(answer.status).toBe(direct.status);
        expect(answer.headers.get("content-type")).toBe(direct.headers.get("content-type"));
        const log = proxy.log();
        expect(log).toContain(path);
        expect(log).not.toContain("code-of-a-provider");
        expect(log).not.toContain("state-of-ours");
      });

      it("logs no key, also not one that comes as a subprotocol", async () => {
        const lines = () => proxy.log().split("\n").length;
        const before = lines();
        const protocols = ["mcp", `mcp.bearer.${encodeURIComponent(key)}`];
        const client = await openSocket(`${origin()}/mcp`, { protocols, ca, lookup } as object);
        await client.close();
        // It is logged when it has ended.
        for (const end = Date.now() + 3_000; lines() === before && Date.now() < end;) {
          await pause(20);
        }
        expect(lines()).toBe(before + 1);
        expect(proxy.log()).not.toContain(key);
      });

      it("lets nobody in by another name", async () => {
        expect(await askAs("evil.example", proxy.port)).toEqual(stranger);
      });

      it("lets the server refuse a body that is too large", async () => {
        const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
        const body = Buffer.alloc(6 * MEBIBYTE, " ");
        const answer = await ask(`${origin()}/mcp`, { method: "POST", headers, body });
        await answer.text();
        expect(answer.status).toBe(413);
      });

      describe("in front of a server that shows what it gets", () => {
        let echo: Server;
        let second: RunningProxy;
        let stream: ServerResponse | null = null;
        let flooded = 0;
        /** Writes as much as is taken. */
        const flood = async (response: ServerResponse) => {
          const part = Buffer.alloc(MEBIBYTE / 4);
          while (flooded < FLOOD && !response.destroyed) {
            flooded += part.length;
            if (!response.write(part)) await once(response, "drain");
          }
        };
        const seen: { path: string; headers: IncomingHttpHeaders }[] = [];

        beforeAll(async () => {
          echo = createServer((request, response) => {
            seen.push({ path: request.url!, headers: request.headers });
            if (request.url === "/flood") {
              void flood(response);
              return;
            }
            if (request.url !== "/stream") {
              request.resume().on("end", () => response.end("taken"));
              return;
            }
            // Nothing here asks the proxy for what the server's own streams ask it for.
            response.writeHead(200, { "content-type": "application/octet-stream" });
            response.write("first");
            stream = response;
          });
          await new Promise<void>((resolve) => void echo.listen(0, "127.0.0.1", resolve));
          second = await start(folder.path, (echo.address() as AddressInfo).port);
        });
        afterAll(async () => {
          await second?.stop();
          echo?.closeAllConnections();
          echo?.close();
        });

        const address = (path: string) => `https://${NAME}:${second.port}${path}`;

        it("tells it the client's address, whatever the client says", async () => {
          const headers = {
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-proto": "gopher",
            forwarded: "for=203.0.113.7",
          };
          await (await ask(address("/who"), { headers })).text();
          const got = seen.find(({ path }) => path === "/who")!.headers;
          expect(got["x-forwarded-for"]).toBe("127.0.0.1");
          expect(got["x-forwarded-proto"]).toBe("https");
          expect(got["forwarded"]).toBeUndefined();
          expect(got.host?.replace(/:\d+$/, "")).toBe(NAME);
        });

        it("passes each part of an answer before the next is there", async () => {
          const answer = await ask(address("/stream"));
          const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
          expect((await reader.read()).value).toBe("first");
          stream!.write("second");
          expect((await reader.read()).value).toBe("second");
          stream!.end("last");
          expect((await reader.read()).value).toBe("last");
        });

        it("takes in little more than it passes on, so that the server sees who does not read", async () => {
          const options = { host: "127.0.0.1", port: second.port, servername: NAME, ca };
          const silent = get({ ...options, path: "/flood", headers: { host: NAME } });
          silent.on("error", () => {});
          await once(silent, "response");
          let before = -1;
          while (flooded > before) {
            before = flooded;
            await pause(250);
          }
          silent.destroy();
          expect(flooded).toBeGreaterThan(0);
          expect(flooded).toBeLessThan(FLOOD);
        });

        it.each([
          ["/mcp", 4],
          ["/api/vault/import", 6],
        ])("passes bodies as large as the server takes: %s, %d MiB", async (path, mebibytes) => {
          const body = Buffer.alloc(mebibytes * MEBIBYTE);
          const answer = await ask(address(path), { method: "POST", body });
          expect([answer.status, await answer.text()]).toEqual([200, "taken"]);
        });

        it("does not show the figures to the world", async () => {
          expect((await ask(address("/metrics"))).status).toBe(404);
          expect(seen.filter(({ path }) => path === "/metrics")).toEqual([]);
        });

        it("leads nobody on who comes without TLS", async () => {
          if (second.plainPort === null) return;
          const plain = await ask(`http://127.0.0.1:${second.plainPort}/mcp`, {
            redirect: "manual",
          });
          expect(plain.status).toBe(403);
        });
      });
    },
  );
});
