import { Agent, request } from "node:http";
import { describe, expect, it } from "vitest";
import { openNodeServer } from "../../helpers/node-server.ts";

/** The server ends a connection after this many requests. */
const REQUESTS_PER_CONNECTION = 1_000;

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly sessionId: string;
}

describe("a connection that is kept", () => {
  // The SDK's event streams say "keep-alive" for themselves, which hid from clients that the server was about to end
  // the connection: the next request on it was refused with 503.
  it("is said to end with its last answer, also when that is an event stream", async () => {
    const { mcpUrl, clientKey } = await openNodeServer();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (message: object, headers: Record<string, string>) =>
      new Promise<Answer>((resolve, reject) => {
        const outgoing = request(mcpUrl, {
          agent,
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            authorization: `Bearer ${clientKey}`,
            ...headers,
          },
        });
        outgoing.on("error", reject).on("response", (response) => {
          const { statusCode: status, headers: answered } = response;
          const sessionId = String(answered["mcp-session-id"]);
          const { connection } = answered;
          response.resume().on("end", () => resolve({ status, connection, sessionId }));
        });
        outgoing.end(JSON.stringify({ jsonrpc: "2.0", ...message }));
      });
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    };
    const { sessionId } = await post({ id: 0, method: "initialize", params }, {});
    const session = { "mcp-session-id": sessionId, "mcp-protocol-version": "2025-11-25" };
    const answers: Answer[] = [];
    for (let id = 2; id <= REQUESTS_PER_CONNECTION + 1; id++) {
      answers.push(await post({ id, method: "ping" }, session));
    }
    agent.destroy();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.slice(0, -2).every(({ connection }) => connection === "keep-alive")).toBe(true);
    expect(answers.at(-2)?.connection).toBe("close");
  });
});
