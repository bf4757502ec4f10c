import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERAS, parseTotal, runEra, serveFixture } from "../../scripts/conformance-run.ts";
import { modernRequest } from "../helpers/mcp.ts";

const LONG_MS = 300_000;
let fixture: Awaited<ReturnType<typeof serveFixture>>;

beforeAll(async () => {
  fixture = await serveFixture();
}, LONG_MS);
afterAll(() => fixture.close());

describe("the conformance suite, through Express", () => {
  it.each([
    { revision: "2025-11-25", passed: 84 },
    { revision: "2026-07-28", passed: 152 },
  ])(
    "passes $passed checks of $revision, without a failure or a warning",
    async ({ revision, passed }) => {
      const era = ERAS.find((candidate) => candidate.revision === revision)!;
      const result = await runEra(fixture.url, era);
      expect(result).toEqual({ revision, passed, failed: 0, complaints: [] });
    },
    LONG_MS,
  );

  it(
    "names what a server fails at",
    async () => {
      const server = createServer((_request, response) => void response.writeHead(404).end());
      await once(server.listen(0, "127.0.0.1"), "listening");
      try {
        const { port } = server.address() as AddressInfo;
        const result = await runEra(`http://localhost:${port}/mcp`, ERAS[0]!);
        expect(result.failed).toBe(33);
        expect(result.complaints).toHaveLength(33);
        expect(result.complaints).toContainEqual({
          scenario: "ping",
          check: "ping",
          status: "FAILURE",
          message: "Failed: Streamable HTTP error: Error POSTing to endpoint: ",
        });
      } finally {
        server.close();
      }
    },
    LONG_MS,
  );

  it("has no total when the suite printed none", () => {
    expect(parseTotal("=== Running scenario: ping ===\n")).toBeNull();
    expect(parseTotal("Total: 7 passed, 1 failed\n")).toEqual({ passed: 7, failed: 1 });
  });
});

describe("a question that the person does not answer", () => {
  it.each(["decline", "cancel"])("is not asked again after %s", async (action) => {
    const request = modernRequest(
      "tools/call",
      {
        name: "test_input_required_result_elicitation",
        arguments: {},
        inputResponses: { user_name: { action } },
      },
      { capabilities: { elicitation: {} } },
    );
    const [answer] = await readMessages(await fetch(fixture.url, request));
    expect(answer?.result?.content).toEqual([{ type: "text", text: "Hello, whoever you are!" }]);
  });
});

describe("what a plugin says while it runs", () => {
  const LOG_LEVEL = "io.modelcontextprotocol/logLevel";

  it.each([
    { level: "debug", seen: ["info", "error"] },
    { level: "error", seen: ["error"] },
    { level: "critical", seen: [] },
  ])("reaches a 2026-07-28 client from its level $level on", async ({ level, seen }) => {
    const request = modernRequest(
      "tools/call",
      { name: "test_logging_tool", arguments: {} },
      { meta: { [LOG_LEVEL]: level } },
    );
    const messages = await readMessages(await fetch(fixture.url, request));
    expect(levelsOf(messages)).toEqual(seen);
    expect(messages.at(-1)?.result?.content).toEqual([
      { type: "text", text: "Sent two log messages." },
    ]);
  });

  it.each([
    { level: "debug", seen: ["info", "error"] },
    { level: "error", seen: ["error"] },
    { level: "critical", seen: [] },
  ])("reaches a 2025-11-25 client from its session's level $level on", async ({ level, seen }) => {
    const session = await openSession();
    await session.post({ id: 1, method: "logging/setLevel", params: { level } });
    const answer = await session.call(2, "test_logging_tool");
    expect(levelsOf(await readMessages(answer))).toEqual(seen);
    await session.end();
  });

  it("waits for a 2025-11-25 client whose stream the plugin closed", async () => {
    const session = await openSession();
    const closed = await (await session.call(1, "test_reconnection")).text();
    expect(closed).toMatch(/^id: \S+\nretry: 500\ndata: \n\n$/);

    const lastEventId = /^id: (\S+)/.exec(closed)![1]!;
    const rest = await readMessages(await session.resume(lastEventId));
    expect(rest).toEqual([
      {
        jsonrpc: "2.0",
        id: 1,
        result: { content: [{ type: "text", text: "Answered after the stream was closed." }] },
      },
    ]);
    await session.end();
  });
});

interface Message {
  readonly method?: string;
  readonly params?: { readonly level?: string };
  readonly result?: { readonly content?: unknown };
}

function levelsOf(messages: readonly Message[]) {
  return messages
    .filter(({ method }) => method === "notifications/message")
    .map(({ params }) => params?.level);
}

/** The messages of an answer, whether it is one JSON text or a stream of events. */
async function readMessages(response: Response): Promise<Message[]> {
  const text = await response.text();
  if (response.headers.get("content-type") === "application/json") {
    return [JSON.parse(text) as Message];
  }
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data!) as Message);
}

/** A 2025-11-25 session, spoken by hand so that every event of its streams can be seen. */
async function openSession() {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const post = (message: Record<string, unknown>) =>
    fetch(fixture.url, {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
  const opened = await post({
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test-client", version: "1.0.0" },
    },
  });
  await opened.text();
  headers["mcp-session-id"] = opened.headers.get("mcp-session-id")!;
  headers["mcp-protocol-version"] = "2025-11-25";
  await post({ method: "notifications/initialized" });
  return {
    post: async (message: Record<string, unknown>) => (await post(message)).text(),
    call: (id: number, name: string) =>
      post({ id, method: "tools/call", params: { name, arguments: {} } }),
    resume: (lastEventId: string) =>
      fetch(fixture.url, { headers: { ...headers, "last-event-id": lastEventId } }),
    end: () => fetch(fixture.url, { method: "DELETE", headers }),
  };
}
