import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openChannel, openModernChannel } from "../../helpers/channel.ts";
import { modernRequest } from "../../helpers/mcp.ts";
import { testPlugin, type ToolParts } from "../../helpers/plugins.ts";
import { createTestApp } from "../../helpers/test-app.ts";

async function open(tools: Record<string, ToolParts["run"]>) {
  const app = await createTestApp({ plugins: { demo: testPlugin({ tools }) } });
  onTestFinished(() => app.close());
  return app;
}

/** A tool that goes on until it is aborted, and what became of its calls. */
function waitingTool() {
  const calls = { begun: 0, aborted: 0 };
  const wait: ToolParts["run"] = (_args, call) => {
    calls.begun++;
    return new Promise((resolve) => {
      call.signal.addEventListener("abort", () => resolve(++calls.aborted));
    });
  };
  return { calls, wait };
}

const callText = (id: number, name: string) =>
  modernRequest("tools/call", { name: `demo_${name}`, arguments: {} }, { id }).body;

const cancelText = (requestId: number) =>
  JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });

describe("an ordinary call on a channel", () => {
  it("that is cancelled aborts the tool and gets no answer, and its id is free again", async () => {
    const { calls, wait } = waitingTool();
    const app = await open({ wait, echo: () => "here" });
    const channel = await openModernChannel(app);
    const before = channel.sent.length;
    channel.receive(callText(100, "wait"));
    await vi.waitFor(() => expect(calls.begun).toBe(1));
    channel.receive(cancelText(100));
    await vi.waitFor(() => expect(calls.aborted).toBe(1));
    const answer = await channel.request("tools/call", { name: "demo_echo" }, { id: 100 });
    expect(answer.result).toMatchObject({ content: [{ text: "here" }] });
    expect(channel.sent).toHaveLength(before + 1);
  });

  it("is aborted when its client goes", async () => {
    const { calls, wait } = waitingTool();
    const app = await open({ wait });
    const channel = await openModernChannel(app);
    channel.receive(callText(100, "wait"));
    channel.receive(callText(101, "wait"));
    await vi.waitFor(() => expect(calls.begun).toBe(2));
    channel.closed();
    await vi.waitFor(() => expect(calls.aborted).toBe(2));
  });

  it("is overtaken by quicker ones", async () => {
    const slow = Promise.withResolvers<string>();
    const app = await open({ slow: () => slow.promise, echo: () => "quick" });
    const channel = await openModernChannel(app);
    const first = channel.request("tools/call", { name: "demo_slow" });
    const second = await channel.request("tools/call", { name: "demo_echo" });
    expect(second.result).toMatchObject({ content: [{ text: "quick" }] });
    slow.resolve("slow");
    expect((await first).result).toMatchObject({ content: [{ text: "slow" }] });
  });

  it("is counted among the requests under way, of which there may be 256", async () => {
    const app = await open({ wait: waitingTool().wait });
    const channel = await openModernChannel(app);
    for (let id = 1_000; id < 1_256; id++) channel.receive(callText(id, "wait"));
    const refused = await channel.request("tools/call", { name: "demo_wait" });
    expect(refused.error).toMatchObject({ code: -32000 });
    channel.receive(cancelText(1_000));
    const taken = await channel.request("tools/list");
    expect(taken.error).toBeUndefined();
    channel.closed();
  });

  it("that is cancelled before it began never begins", async () => {
    const { calls, wait } = waitingTool();
    const app = await open({ wait, who: (_args, call) => ({ ...call.principal }) });
    const channel = await openModernChannel(app);
    channel.receive(callText(100, "wait"));
    channel.receive(cancelText(100));
    const { result } = await channel.request("tools/call", { name: "demo_who" });
    expect(result.structuredContent).toMatchObject({ kind: "client", id: "local" });
    expect(calls.begun).toBe(0);
  });

  it("of a 2025-era client is served by the rules of that era", async () => {
    const app = await open({ echo: () => "old" });
    const channel = openChannel(app);
    const clientInfo = { name: "t", version: "1" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    await channel.ask(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
    for (const id of [2, 3, 4]) {
      const call = { name: "demo_echo", arguments: {} };
      const text = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: call });
      const answer = JSON.parse(await channel.ask(text)) as { result: object };
      expect(answer.result).toEqual({ content: [{ type: "text", text: "old" }] });
    }
  });
});
