import { describe, expect, it, onTestFinished, vi } from "vitest";
import { fromAuditEntry, type LiveEvent } from "../../src/core/live-events.ts";
import { createAuditLog, createMemoryAudit, createScrubber } from "../../src/index.ts";
import type { AuditEntry } from "../../src/types/audit.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { createPlugin } from "../helpers/manager.ts";
import { modern, modernRequest } from "../helpers/mcp.ts";
import { openChannel } from "../helpers/channel.ts";
import { createWatchedServer } from "../helpers/watched-server.ts";

const SECRET = "argument-canary-77aa";

async function open(
  plugins: Record<string, unknown> = { demo: createPlugin("demo") },
  options: { overlaps?: boolean } = {},
) {
  const server = await createWatchedServer({ plugins, ...options });
  onTestFinished(() => server.close());
  const events: LiveEvent[] = [];
  server.events.read(null, ({ event }) => events.push(event));
  return { server, events };
}

const entry = (changes: Partial<AuditEntry>): AuditEntry => ({
  actor: "user:admin",
  action: "credential.write",
  instanceId: "demo",
  subject: "shared/api_key",
  outcome: "ok",
  requestId: "r-1",
  detail: { sequence: 4, note: SECRET },
  ...changes,
});

describe("live events", () => {
  it("tell of a call when it begins and when it ends, by the id that the log has", async () => {
    const { server, events } = await open();
    const args = { text: SECRET };
    await modern(server, "tools/call", { name: "demo_echo", arguments: args });
    const [begun, ended, ...others] = events;
    expect(others).toEqual([]);
    const facts = {
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      method: "tools/call",
      plugin: "demo",
      target: "demo_echo",
      transport: "http",
      principal: "client:client-1",
    };
    expect(begun).toEqual({ type: "call.begun", ...facts });
    expect(ended).toEqual({
      type: "call.ended",
      ...facts,
      outcome: "ok",
      code: null,
      milliseconds: expect.any(Number) as number,
    });
    const ids = events.map((event) => ("requestId" in event ? event.requestId : null));
    expect(new Set(ids).size).toBe(1);
    expect(JSON.stringify(events)).not.toContain(SECRET);
  });

  it("name no tool and no method that a client has made up", async () => {
    const { server, events } = await open();
    await modern(server, "tools/call", { name: SECRET });
    await modern(server, SECRET);
    expect(events.map((event) => ("method" in event ? event.method : event.type))).toEqual([
      "tools/call",
      "tools/call",
      "_OTHER",
      "_OTHER",
    ]);
    expect(JSON.stringify(events)).not.toContain(SECRET);
    expect(events[3]).toMatchObject({ outcome: "error", code: -32601, plugin: null });
  });

  it("give a call on a channel the id under which its failure is logged", async () => {
    const { server, events } = await open();
    const channel = openChannel(server);
    await channel.request("tools/list");
    channel.receive(modernRequest("tools/call", { name: "nothing" }, { id: 7 }).body);
    await channel.request("tools/list");
    const logged = server.logs.find(({ message }) => message === "Unknown tool")!;
    const ended = events.find((event) => event.type === "call.ended" && event.code !== null);
    expect(ended).toMatchObject({ requestId: logged.fields["requestId"] });
  });

  it("tell of a connection that opens and closes", async () => {
    const { server, events } = await open();
    const channel = openChannel(server);
    channel.closed();
    const by = { transport: "stdio", principal: "client:client-1" };
    expect(events).toEqual([
      { type: "connection.opened", ...by },
      { type: "connection.closed", ...by },
    ]);
  });

  it("tell of a plugin's way through the states, and of the catalog that comes of it", async () => {
    const { server, events } = await open();
    await server.manager.reload("demo");
    const states = events.flatMap((event) =>
      event.type === "plugin.state" ? [`${event.before} > ${event.state}`] : [event.type],
    );
    // Not of the one tool list that is the same again.
    expect(states).toEqual([
      "running > stopping",
      "stopping > cleaning",
      "cleaning > stopped",
      "stopped > loading",
      "loading > loaded",
      "loaded > initializing",
      "initializing > starting",
      "starting > running",
      "catalog.changed",
    ]);
    expect(events.at(-1)).toEqual({
      type: "catalog.changed",
      tools: 1,
      prompts: 0,
      resources: 0,
    });
  });

  it("say why a plugin failed", async () => {
    const { server, events } = await open();
    server.end("demo", "It called process.exit(1).");
    const failed = {
      type: "plugin.state",
      plugin: "demo",
      before: "cleaning",
      state: "failed",
      error: "It called process.exit(1).",
    };
    await vi.waitFor(() => expect(events).toContainEqual(failed));
  });

  it("tell of a new version that takes over, and not of the way of either", async () => {
    const { server, events } = await open(undefined, { overlaps: true });
    await server.manager.reload("demo");
    expect(events.map(({ type }) => type)).toEqual(["plugin.reloaded", "catalog.changed"]);
    expect(server.metrics.summary().restarts).toBe(1);
  });
});

describe("what an audit record means to those who watch", () => {
  it.each<[Partial<AuditEntry>, LiveEvent | null]>([
    [
      { action: "credential.write" },
      {
        type: "credential.changed",
        action: "credential.write",
        plugin: "demo",
        subject: "shared/api_key",
        actor: "user:admin",
        outcome: "ok",
      },
    ],
    [
      { action: "token.revoke", outcome: "failed" },
      {
        type: "account.changed",
        action: "token.revoke",
        plugin: "demo",
        subject: "shared/api_key",
        actor: "user:admin",
        outcome: "failed",
      },
    ],
    [
      { action: "auth.refused", subject: "GET /api/keys", outcome: "refused" },
      {
        type: "access.refused",
        actor: "user:admin",
        subject: "GET /api/keys",
        requestId: "r-1",
      },
    ],
    [{ action: "credential.write", outcome: "started" }, null],
    [{ action: "credential.read" }, null],
    [{ action: "admin.request" }, null],
  ])("%j", (changes, expected) => {
    const event = fromAuditEntry(entry(changes));
    expect(event).toEqual(expected);
    expect(JSON.stringify(event)).not.toContain(SECRET);
  });

  it("is told once its record is written, and not before or instead", async () => {
    const store = createMemoryAudit();
    let works = true;
    const scrubber = createScrubber();
    scrubber.learn(new TextEncoder().encode(SECRET));
    const audit = createAuditLog({
      key: new Uint8Array(32).fill(1),
      sinks: [
        {
          name: "faulty",
          append: async (records) => {
            if (!works) throw new Error("The disk is full.");
            await store.append(records);
          },
        },
      ],
      scrubber,
      time: createFakeTime(),
      logger: createRecordingLogger(),
    });
    onTestFinished(() => audit.close());
    const heard: AuditEntry[] = [];
    const stop = audit.subscribe((each) => heard.push(each));
    const writing = audit.record(entry({ subject: `shared/${SECRET}` }));
    expect(heard).toEqual([]);
    await writing;
    expect(heard).toEqual([
      entry({ subject: "shared/[redacted]", detail: { sequence: 4, note: "[redacted]" } }),
    ]);
    works = false;
    await expect(audit.record(entry({}))).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
    works = true;
    stop();
    await audit.record(entry({}));
    expect(heard).toHaveLength(1);
  });
});
