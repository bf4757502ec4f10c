import { afterEach, describe, expect, it } from "vitest";
import { requestOverHttp } from "../../helpers/http-request.ts";
import { modernRequest } from "../../helpers/mcp.ts";
import { openNodeServer, type NodeServer } from "../../helpers/node-server.ts";
import {
  startProcess,
  temporaryFolder,
  withFixture,
  type Banner,
} from "../../helpers/server-process.ts";
import { openSession } from "../../helpers/session.ts";
import { readSse } from "../../helpers/sse.ts";
import { withDefaults, type TestRequest } from "../../helpers/test-app.ts";

const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
afterEach(() => {
  if (unhandled.length > 0) throw new Error("A promise was left alone.", { cause: unhandled[0] });
});

/** Requests as its client, each over a connection of its own. */
function clientOf({ port, clientKey }: Pick<NodeServer, "port" | "clientKey">) {
  return {
    request: (path: string, init: TestRequest = {}) =>
      requestOverHttp(port, path, withDefaults({ key: clientKey, ...init })),
  };
}

const call = (name: string, options = {}) =>
  modernRequest("tools/call", { name, arguments: {} }, options);
const listen = modernRequest(
  "subscriptions/listen",
  { notifications: { toolsListChanged: true } },
  { id: "sub" },
);
const COMPLETED = { jsonrpc: "2.0", id: "sub", result: { resultType: "complete" } };
const PAUSED = { result: { content: [{ text: "paused" }] } };

describe("a server that closes", () => {
  it("finishes calls in flight, plain and streamed, before it ends", async () => {
    const server = await openNodeServer();
    const client = clientOf(server);
    const session = await openSession(client);
    const plain = client.request("/mcp", call("e2e_pause"));
    const streamed = client.request("/mcp", call("e2e_pause", { meta: { progressToken: 1 } }));
    const old = session.call("tools/call", { name: "e2e_pause" });
    await pausing(server, 3);
    await server.close();
    expect(await (await plain).json()).toMatchObject(PAUSED);
    expect(await (await streamed).json()).toMatchObject(PAUSED);
    expect(await old).toMatchObject(PAUSED);
  });

  it("ends streams with their proper last message", async () => {
    const server = await openNodeServer();
    const client = clientOf(server);
    const stream = readSse(await client.request("/mcp", listen));
    await stream.next();
    const session = await openSession(client);
    const sessionStream = await session.listen();
    await server.close();
    expect(await stream.rest()).toMatchObject([COMPLETED]);
    expect(await sessionStream.rest()).toEqual([]);
  });

  it("takes no more connections at once, whatever is still in flight", async () => {
    const server = await openNodeServer();
    const client = clientOf(server);
    const plain = client.request("/mcp", call("e2e_pause"));
    await pausing(server, 1);
    const closed = server.close();
    await expect(client.request("/healthz")).rejects.toThrow(/ECONNREFUSED/);
    expect((await plain).status).toBe(200);
    await closed;
  });

  it("waits for no connection that is idle", async () => {
    const server = await openNodeServer();
    // `fetch` keeps its connection for the next request.
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  it("closes once, however often it is asked to", async () => {
    const server = await openNodeServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    await expect(clientOf(server).request("/healthz")).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("clients that go away", () => {
  it("leave no failure behind, whenever they do", async () => {
    const server = await openNodeServer();
    const client = clientOf(server);
    const names = ["e2e_wait", "e2e_count", "e2e_pause", "e2e_echo"];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, async (_, at) => {
        const signal = AbortSignal.timeout(at * 3);
        const options = { signal, ...(at % 2 === 0 && { meta: { progressToken: at } }) };
        await (await client.request("/mcp", call(names[at % 4]!, options))).text();
      }),
    );
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [(outcome.reason as Error).name] : [],
    );
    expect(failures.filter((name) => name !== "AbortError" && name !== "TimeoutError")).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await client.request("/healthz")).status).toBe(200);
    expect(server.logs.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("SIGTERM", () => {
  it("ends streams with their proper last message, and the process with 0", async () => {
    const folder = temporaryFolder();
    const child = startProcess(["--json"], { cwd: folder.path, env: withFixture(folder.path) });
    try {
      const banner = (await child.banner()) as Required<Banner>;
      const port = Number(new URL(banner.url).port);
      const client = clientOf({ port, clientKey: banner.clientKey });
      const stream = readSse(await client.request("/mcp", listen));
      await stream.next();
      const inFlight = client.request("/mcp", call("e2e_pause"));
      await child.printed("Pausing");
      child.child.kill("SIGTERM");
      expect(await stream.rest()).toMatchObject([COMPLETED]);
      expect(await (await inFlight).json()).toMatchObject(PAUSED);
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.stderr()).not.toMatch(/"level":"(ERROR|WARNING)"/);
    } finally {
      await child.stop();
      folder.remove();
    }
  });
});

/** Until so many calls of `pause` have reached the plugin. */
async function pausing({ logs }: Pick<NodeServer, "logs">, calls: number): Promise<void> {
  await expect.poll(() => logs.filter(({ message }) => message === "Pausing").length).toBe(calls);
}
