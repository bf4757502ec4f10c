import { SSEClientTransport } from "@modelcontextprotocol/client";
import { SSEClientTransport as LegacySseTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { transportContract } from "../contract/transport.ts";
import { connectV1Over, connectV2Over } from "../helpers/e2e-client.ts";
import { openServerProcess, useServerProcess } from "../helpers/server-process.ts";

const fixture = useServerProcess();

/** Each of them sends these headers with its posts and, unlike a bare EventSource, with its stream. */
function options(key = fixture.banner.clientKey) {
  return { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
}

const address = () => new URL(`${fixture.banner.url}/sse`);

describe("HTTP+SSE", () => {
  transportContract({
    openV1: () => new LegacySseTransport(address(), options()),
    openV2: () => new SSEClientTransport(address(), options()),
  });

  it("refuses the official clients without a key that somebody made", async () => {
    const nobodys = options("mcpk_nobody-ever-made-this-key");
    await expect(connectV1Over(new LegacySseTransport(address(), nobodys))).rejects.toThrow(/401/);
    await expect(connectV2Over(new SSEClientTransport(address(), nobodys))).rejects.toThrow(/401/);
  });
});

describe("the server's end", () => {
  it("ends the streams, and the process does not wait for their clients", async () => {
    const { server: own, banner, end } = await openServerProcess();
    onTestFinished(end);
    const { url, clientKey } = banner;
    const transport = new LegacySseTransport(new URL(`${url}/sse`), options(clientKey));
    const client = await connectV1Over(transport);
    const waiting = client.call("e2e_pause");
    await own.printed("Pausing");
    own.child.kill("SIGTERM");
    expect((await waiting).content).toEqual([{ type: "text", text: "paused" }]);
    expect(await own.exited).toEqual({ code: 0, signal: null });
    expect(own.stderr()).not.toContain('"level":"ERROR"');
    await client.close();
  });
});
