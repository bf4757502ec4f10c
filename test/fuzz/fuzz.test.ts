import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAdminApp, type AdminApp } from "../helpers/admin-app.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { BINARY, CLOSE, CONTINUATION, PING, frame, handshake } from "../helpers/raw-websocket.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";
import { refuseUnhandledRejections } from "../helpers/unhandled-rejections.ts";
import { openWebSocketApp } from "../helpers/websocket-server.ts";
import { goodBodies, headers, json, rpcText } from "./inputs.ts";

/** Cases of each kind: `npm run test:fuzz` has 100,000. */
const CASES = Number(process.env["FUZZ_CASES"] ?? "400");
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const TIMEOUT_MS = 30_000 + CASES * 20;

refuseUnhandledRejections();
process.stdout.write(`fuzz: seed ${SEED}, ${CASES} cases of each kind\n`);

const plugin = () =>
  testPlugin({
    tools: {
      echo: async (args: unknown) => args,
      fail: async () => Promise.reject(new Error("it fails")),
    },
  });

async function run<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>) {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: CASES, seed: SEED });
}

/** No fault of the server's, whatever came; only shedding may say 503, and says when to come back. */
async function expectAnswered(response: Response): Promise<void> {
  const isShed = response.status === 503 && response.headers.has("retry-after");
  expect(isShed || response.status < 500).toBe(true);
  await response.body?.cancel();
}

const open = () => openAdminApp({ plugins: { one: plugin } });

/** What shows that a server is as well as before. */
const health = async (app: AdminApp) => [
  (await app.request("/healthz", { key: null })).status,
  (await app.admin("GET /api/plugins")).json.data[0].state,
];
const WELL = [200, "running"];

describe("whatever comes", () => {
  it(
    "as JSON-RPC is answered, and breaks nothing",
    async () => {
      const app = await open();
      const revision = fc.option(
        fc.oneof(
          { weight: 4, arbitrary: fc.constant("2026-07-28") },
          fc.constantFrom("2025-11-25", "2024-11-05"),
        ),
        { freq: 10 },
      );
      let taken = 0;
      await run(fc.tuple(rpcText, revision), async ([body, version]) => {
        const method = /"method":"([^"\\]+)"/.exec(body)?.[1];
        const name = /"name":"([\x20-\x21\x23-\x5b\x5d-\x7e]+)"/.exec(body)?.[1];
        const abort = new AbortController();
        const response = await app.request("/mcp", {
          method: "POST",
          body,
          signal: abort.signal,
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...(version !== null && { "mcp-protocol-version": version }),
            ...(method !== undefined && { "mcp-method": method }),
            ...(name !== undefined && { "mcp-name": name }),
          },
        });
        if (response.status === 200) taken++;
        await expectAnswered(response);
        abort.abort();
      });
      // What is refused at the door shows nothing of what is behind it.
      expect(taken / CASES).toBeGreaterThan(0.15);
      expect(await health(app)).toEqual(WELL);
    },
    TIMEOUT_MS,
  );

  it(
    "as a body of the admin API is answered, and breaks nothing",
    async () => {
      const app = await open();
      const routes = app.routes.filter(
        ({ method, path, contract }) =>
          contract?.body !== undefined &&
          // A rotation and an export take long and are no different at the door.
          !path.startsWith("/api/vault/") &&
          method !== "ALL",
      );
      const body = fc.oneof(
        json.map((value) => JSON.stringify(value)),
        fc.string(),
      );
      const known = fc.dictionary(
        fc.constantFrom(
          "name",
          "plugin",
          "value",
          "owner",
          "scopes",
          "plugins",
          "id",
          "token",
          "config",
          "enabled",
          "arguments",
          "package",
        ),
        json,
      );
      const any = fc.oneof(
        body,
        known.map((value) => JSON.stringify(value)),
      );
      const id = fc.oneof(fc.constantFrom("one", "nobody", "one_echo"), fc.webPath());
      const wrong = fc
        .tuple(fc.constantFrom(...routes), any, id)
        .map(([{ method, path }, text, name]) => {
          const segment = encodeURIComponent(name.slice(0, 60)) || "x";
          return { method, path: path.replaceAll(/:\w+/g, segment), text };
        });
      const client = (await app.admin("POST /api/clients", { name: "c" })).json.id;
      const token = (await app.admin("POST /api/tokens", { name: "t", scopes: ["viewer"] })).json
        .id;
      const there: Record<string, string> = {
        "PUT /api/clients/:id": `/api/clients/${client}`,
        "PUT /api/tokens/:id": `/api/tokens/${token}`,
        "PUT /api/tools/:plugin/:tool": "/api/tools/one/fail",
        "POST /api/tools/:name/call": "/api/tools/one_echo/call",
      };
      const right = Object.entries(goodBodies).map(([route, good]) =>
        good.map((value) => ({
          method: route.split(" ")[0]!,
          path: there[route]!,
          text: JSON.stringify(value),
        })),
      );
      let taken = 0;
      await run(fc.oneof(wrong, fc.oneof(...right)), async ({ method, path, text }) => {
        const response = await app.request(path, {
          method,
          key: ADMIN_TOKEN,
          body: text,
          headers: { "content-type": "application/json" },
        });
        if (response.ok) taken++;
        await expectAnswered(response);
      });
      expect(taken / CASES).toBeGreaterThan(0.15);
      expect((await app.request("/healthz", { key: null })).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    "in headers, at any address, lets nobody in and breaks nothing",
    async () => {
      const app = await open();
      const paths = fc.oneof(
        fc.constantFrom(...app.routes.map(({ path }) => path.replaceAll(/:\w+/g, "one"))),
        fc.webPath(),
      );
      const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH");
      const query = fc.oneof(
        fc.constant(""),
        fc.webQueryParameters().map((text) => `?${text}`),
      );
      await run(fc.tuple(method, paths, query, headers), async ([name, path, search, sent]) => {
        const response = await app.request(`http://localhost:3000${path}${search}`, {
          method: name,
          key: null,
          headers: sent,
        });
        const row = app.routes.find((route) => route.path === path && route.policy !== "public");
        expect(row !== undefined && response.ok).toBe(false);
        await expectAnswered(response);
      });
      expect(await health(app)).toEqual(WELL);
    },
    TIMEOUT_MS,
  );

  it(
    "at a callback connects nothing, and breaks nothing",
    async () => {
      const app = await open();
      const name = fc.oneof(
        fc.constantFrom("code", "state", "iss", "error", "error_description", "scope", "id_token"),
        fc.string(),
      );
      const pairs = fc.array(fc.tuple(name, fc.oneof(fc.string(), fc.string({ unit: "binary" }))), {
        maxLength: 8,
      });
      const cookie = fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{40,44}$/));
      await run(fc.tuple(pairs, fc.webPath(), cookie), async ([list, path, secret]) => {
        const query = new URLSearchParams(list.map(([key, value]) => [key, value.toWellFormed()]));
        const at = path === "" ? "one" : encodeURIComponent(path);
        const response = await app.request(`/oauth/callback/${at}?${query}`, {
          key: null,
          headers: secret === null ? {} : { cookie: `mcp-plugin-server-3000-connect=${secret}` },
        });
        expect([400, 404, 410]).toContain(response.status);
        await response.body?.cancel();
      });
      const { json: connections } = await app.admin("GET /api/auth/oauth/connections");
      expect(connections.data).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "in frames of a WebSocket ends that socket at the worst",
    async () => {
      const { app, port } = await openWebSocketApp({ plugins: { one: plugin } });
      const opcode = fc.oneof(
        fc.constantFrom(1, BINARY, CONTINUATION, CLOSE, PING, 0xa),
        fc.integer({ min: 0, max: 15 }),
      );
      const payload = fc.oneof(
        rpcText.map((text) => Buffer.from(text)),
        fc.uint8Array(),
      );
      // One that ends the socket is the last that is read: those before it are in order.
      const good = fc.record({
        opcode: fc.constant(1),
        payload: rpcText.map((text) => Buffer.from(text.toWellFormed())),
        fin: fc.constant(true),
        masked: fc.constant(true),
        reserved: fc.constant(0),
      });
      const any = fc.record({
        opcode,
        payload,
        fin: fc.boolean(),
        masked: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.boolean()),
        reserved: fc.oneof(
          { weight: 9, arbitrary: fc.constant(0) },
          fc.constantFrom(0x10, 0x20, 0x40),
        ),
      });
      // A case is a frame.
      const perSocket = 5;
      const frames = fc.tuple(
        fc.array(good, { minLength: perSocket - 1, maxLength: perSocket - 1 }),
        any,
      );
      await fc.assert(
        fc.asyncProperty(frames, async ([before, last]) => {
          await sendFrames(
            port,
            [...before, last, END].map((parts) => frame(parts)),
          );
        }),
        { numRuns: Math.ceil(CASES / perSocket), seed: SEED },
      );
      const response = await app.request("/healthz", { key: null });
      expect(response.status).toBe(200);
      const client = await fetch(`http://localhost:${port}/healthz`);
      expect(client.status).toBe(200);
    },
    TIMEOUT_MS,
  );
});

/** A client's close frame: whatever came before, the server ends the connection then. */
const END = { opcode: CLOSE, payload: Buffer.from([0x03, 0xe8]) };

/** Sends frames on a socket of their own, and waits until the server has read them and ended it. */
function sendFrames(port: number, frames: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let isOpen = false;
    const tooLong = setTimeout(() => reject(new Error("The server has not ended it.")), 10_000);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(tooLong);
      resolve();
    });
    socket.on("data", () => {
      if (isOpen) return;
      isOpen = true;
      socket.write(Buffer.concat(frames));
    });
    socket.write(handshake(port));
  });
}
