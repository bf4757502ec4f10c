import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import counter from "../../docs/examples/counter/index.ts";
import forecast from "../../docs/examples/forecast/index.ts";
import ledger from "../../docs/examples/ledger/index.ts";
import mailbox from "../../docs/examples/mailbox/index.ts";
import primes from "../../docs/examples/primes/index.ts";
import recipes from "../../docs/examples/recipes/index.ts";
import trash from "../../docs/examples/trash/index.ts";
import units from "../../docs/examples/units/index.ts";
import { createTestHost } from "../../src/plugins/index.ts";
import { ecKey } from "../helpers/keys.ts";
import {
  callTool as callOnServer,
  ROOT,
  startProcess,
  temporaryFolder,
} from "../helpers/server-process.ts";
// The example of a test, which runs here as its reader would run it.
import "../../docs/examples/tasks/tasks.test.ts";

describe("the example", () => {
  it("units converts", async () => {
    const { callTool } = await createTestHost(units);
    expect(await callTool("to_celsius", { fahrenheit: 212 })).toEqual({ celsius: 100 });
    await expect(callTool("to_celsius", { fahrenheit: -500 })).rejects.toThrow("Invalid arguments");
  });

  it("mailbox reads what its user has stored", async () => {
    const needed = { app_password: "abcd efgh ijkl mnop" };
    const { callTool } = await createTestHost(mailbox, { credentials: needed });
    expect(await callTool("server")).toBe("https://mail.example");
    const credentials = { ...needed, server: "https://mail.other.example" };
    const other = await createTestHost(mailbox, { credentials });
    expect(await other.callTool("server")).toBe("https://mail.other.example");
  });

  it("ledger signs with its key", async () => {
    const { callTool } = await createTestHost(ledger, {
      credentials: { private_key: ecKey().pem },
    });
    expect(await callTool("subject")).toBe("robot@ledger.example");
  });

  it("recipes reads, prompts and completes", async () => {
    const host = await createTestHost(recipes, { pluginId: "kitchen" });
    expect(await host.readResource("recipes://kitchen/index")).toBe(
      '["pancakes","pesto","ratatouille"]',
    );
    expect(await host.readResource("recipes://kitchen/recipe/pesto")).toMatch(/^Basil/);
    expect(await host.readResource("recipes://kitchen/recipe/soup")).toBeNull();
    expect(await host.getPrompt("cook", { dish: "pesto", people: "4" })).toMatchObject({
      messages: [
        { content: { text: "Guide me through pesto for 4, step by step." } },
        { content: { uri: "recipes://kitchen/recipe/pesto" } },
      ],
    });
    const ref = { type: "prompt", name: "cook" } as const;
    const typed = { ref, argument: { name: "dish", value: "pa" }, context: {} };
    expect(await host.complete(typed)).toEqual(["pancakes"]);
  });

  it("primes counts, reports, and stops when it is cancelled", async () => {
    const host = await createTestHost(primes);
    expect(await host.callTool("count", { limit: 30_000 })).toEqual({ primes: 3245 });
    expect(host.progress).toEqual([
      { progress: 10_001, total: 30_000, message: "1229 primes up to 10001" },
      { progress: 20_001, total: 30_000, message: "2262 primes up to 20001" },
      { progress: 30_000, total: 30_000, message: "3245 primes up to 30000" },
    ]);
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(host.callTool("count", { limit: 30_000 }, { signal })).rejects.toThrow(
      "cancelled",
    );
    expect(host.progress).toHaveLength(4);
  });

  it("trash asks before it deletes", async () => {
    const { callTool } = await createTestHost(trash);
    expect(await callTool("empty")).toMatchObject({
      resultType: "input_required",
      state: ["draft.txt", "old.png"],
    });
    const answer = (confirm: unknown) => ({
      input: { responses: { confirm }, state: ["draft.txt"] },
    });
    const empty = (confirm: unknown) => callTool("empty", {}, answer(confirm));
    expect(await empty({ action: "decline" })).toEqual({ deleted: [] });
    expect(await empty({ action: "accept", content: { sure: false } })).toEqual({ deleted: [] });
    expect(await empty({ action: "accept", content: { sure: true } })).toEqual({
      deleted: ["draft.txt"],
    });
    expect(await callTool("empty")).toMatchObject({ state: ["old.png"] });
  });

  it("notes tells of a new resource and of a changed one", async () => {
    // @ts-expect-error plain JavaScript has no types
    const host = await createTestHost(await import("../../docs/examples/notes/index.js"));
    await host.callTool("write", { title: "a b", text: "one" });
    await host.callTool("write", { title: "a b", text: "two" });
    expect(host.changes).toEqual(["resources", "notes://test/a%20b"]);
    expect(await host.readResource("notes://test/a%20b")).toBe("two");
    expect(await host.readResource("notes://test/c")).toBeNull();
    expect((await host.catalog()).resources).toEqual([
      { uri: "notes://test/a%20b", name: "a b", mimeType: "text/plain" },
    ]);
  });

  it("counter counts between its start and its stop", async () => {
    vi.useFakeTimers();
    try {
      const host = await createTestHost(counter);
      expect(host.serverLog).toMatchObject([{ level: "info", message: "Counting" }]);
      vi.advanceTimersByTime(2_500);
      expect(await host.callTool("seconds")).toEqual({ seconds: 2 });
      await host.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the example forecast", () => {
  let service: Server;
  let baseUrl = "";
  const seen: string[] = [];

  beforeAll(async () => {
    service = createServer((request, response) => {
      seen.push(`${request.headers.authorization} ${request.url}`);
      const isKnown = request.url === "/forecast?city=Rome";
      const isBroken = request.url === "/forecast?city=Atlantis";
      response.statusCode = isKnown ? 200 : isBroken ? 500 : 404;
      response.end(JSON.stringify({ sky: "clear" }));
    });
    await new Promise<void>((resolve) => void service.listen(0, "127.0.0.1", resolve));
    baseUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  });

  afterAll(() => service.close());

  const open = (credentials: Record<string, string>) =>
    createTestHost(forecast, { config: { baseUrl }, credentials });

  it("sends its key and answers what the service says", async () => {
    const { callTool } = await open({ api_key: "k3y" });
    expect(await callTool("forecast", { city: "Rome" })).toEqual({ sky: "clear" });
    expect(seen).toEqual(["Bearer k3y /forecast?city=Rome"]);
  });

  it("tells the model about a city that is none, and nothing about a service that is broken", async () => {
    const { callTool } = await open({ api_key: "k3y" });
    await expect(callTool("forecast", { city: "Oz" })).rejects.toMatchObject({ name: "ToolError" });
    await expect(callTool("forecast", { city: "Atlantis" })).rejects.toMatchObject({
      name: "Error",
      message: "The service answered 500.",
    });
  });

  it("says what to do without a key", async () => {
    const { callTool } = await open({});
    await expect(callTool("forecast", { city: "Rome" })).rejects.toMatchObject({
      name: "ToolError",
      message: expect.stringContaining("https://weather.example/keys"),
    });
  });
});

describe("the plugins file of the examples", () => {
  it("runs them all, and the first plugin answers", async () => {
    const folder = temporaryFolder();
    const server = startProcess(["--json"], {
      cwd: folder.path,
      env: {
        MCP_CONFIG: join(ROOT, "docs/examples/plugins.jsonc"),
        MCP_PLUGINS_DIR: join(ROOT, "docs/examples"),
      },
    });
    try {
      const banner = await server.banner();
      const response = await fetch(`${banner.url}/api/plugins`, {
        headers: { authorization: `Bearer ${banner.adminToken}` },
      });
      const { data } = (await response.json()) as { data: Record<string, unknown>[] };
      // Nobody has stored its key.
      const isFine = ({ id, state }: Record<string, unknown>) =>
        state === (id === "forecast" ? "needs-credentials" : "running");
      expect(
        data.filter((status) => !isFine(status) || (status["quarantined"] as unknown[]).length > 0),
      ).toEqual([]);
      expect(data).toHaveLength(12);

      const call = async (name: string, args: Record<string, unknown>) => {
        const { text } = await callOnServer(banner, banner.clientKey!, name, args);
        return (JSON.parse(text) as { result: { content: unknown; structuredContent: unknown } })
          .result;
      };
      const { structuredContent } = await call("dice_roll", { count: 2, sides: 6 });
      const { dice, sum } = structuredContent as { dice: number[]; sum: number };
      expect(dice).toHaveLength(2);
      expect(sum).toBe(dice[0]! + dice[1]!);
      expect((await call("hello_hello", { name: "Ada" })).content).toEqual([
        { type: "text", text: "Moin, Ada!" },
      ]);
      expect((await call("work_add", { title: "Other list" })).structuredContent).toMatchObject({
        id: 1,
      });
    } finally {
      await server.stop();
      folder.remove();
    }
  });
});
