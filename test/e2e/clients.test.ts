import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectV1, connectV2, type E2eClient } from "../helpers/e2e-client.ts";
import { bareEnvironment, ROOT, useServerProcess } from "../helpers/server-process.ts";

const require = createRequire(import.meta.url);

/** One server, started as a newcomer starts it, for all clients. */
const fixture = useServerProcess(["npm", "start", "--silent", "--"]);

const WAYS = [
  {
    name: "the v1 client",
    revision: "2025-11-25",
    connect: (key: string) => connectV1(fixture.banner.mcpUrl, key),
  },
  {
    name: "the v2 client as it is by default",
    revision: "2025-11-25",
    connect: (key: string) => connectV2(fixture.banner.mcpUrl, key),
  },
  {
    name: "the v2 client that negotiates",
    revision: "2026-07-28",
    connect: (key: string) => connectV2(fixture.banner.mcpUrl, key, "auto"),
  },
  {
    name: "the v2 client pinned to 2026-07-28",
    revision: "2026-07-28",
    connect: (key: string) => connectV2(fixture.banner.mcpUrl, key, { pin: "2026-07-28" }),
  },
];

describe.each(WAYS)("$name", ({ revision, connect }) => {
  let client: E2eClient;

  beforeEach(async () => {
    client = await connect(fixture.banner.clientKey);
  });

  afterEach(() => client.close());

  it("connects", () => {
    expect(client.revision).toBe(revision);
    expect(client.serverName()).toBe("mcp-plugin-server");
  });

  it("lists the tools of all plugins, in order", async () => {
    const names = await client.toolNames();
    expect(names).toEqual(expect.arrayContaining(["e2e_echo", "time_now", "time_convert"]));
    expect(names).toEqual(names.toSorted());
  });

  it("calls tools: of text, of structured content, of the time plugin", async () => {
    expect((await client.call("e2e_echo", { text: "Grüße" })).content).toEqual([
      { type: "text", text: "Grüße" },
    ]);
    expect(await client.call("e2e_sum", { numbers: [1, 2, 3.5] })).toMatchObject({
      content: [{ type: "text", text: '{"total":6.5}' }],
      structuredContent: { total: 6.5 },
    });
    const now = await client.call("time_now", { timeZone: "Europe/Paris" });
    expect(now.isError ?? false).toBe(false);
    expect(JSON.stringify(now)).toContain("Europe/Paris");
  });

  it("gets progress while a tool runs", async () => {
    const seen: unknown[] = [];
    const result = await client.call(
      "e2e_count",
      {},
      { onprogress: (progress) => seen.push(progress) },
    );
    expect(result.content).toEqual([{ type: "text", text: "counted" }]);
    expect(seen).toMatchObject([
      { progress: 1, total: 3, message: "step 1" },
      { progress: 2, total: 3, message: "step 2" },
      { progress: 3, total: 3, message: "step 3" },
    ]);
  });

  it("is told what a tool refuses, and nothing of what crashed", async () => {
    expect(await client.call("e2e_refuse")).toMatchObject({
      isError: true,
      content: [{ type: "text", text: "There is no such city. Try Paris." }],
    });
    const crash = await client.call("e2e_crash");
    expect(crash.isError).toBe(true);
    expect(JSON.stringify(crash)).not.toMatch(/hunter2|secret\.ts/);
  });

  it("is told which argument is wrong, and that a tool does not exist", async () => {
    const wrong = await client.call("e2e_echo", { text: 7 });
    expect(wrong.isError).toBe(true);
    expect(JSON.stringify(wrong)).toContain("/text");
    await expect(client.call("e2e_nothing")).rejects.toMatchObject({ code: -32602 });
  });

  it("reads resources, listed or by template", async () => {
    expect(await client.resourceUris()).toContain("e2e://greeting");
    expect(await client.templates()).toContain("e2e://notes/{id}");
    expect(await client.read("e2e://greeting")).toEqual([
      { uri: "e2e://greeting", mimeType: "text/plain", text: "Hello" },
    ]);
    expect(await client.read("e2e://notes/7")).toEqual([
      { uri: "e2e://notes/7", mimeType: "text/plain", text: "Note 7" },
    ]);
    await expect(client.read("e2e://nowhere")).rejects.toThrow(/not found/i);
  });

  it("gets prompts, and suggestions for their arguments", async () => {
    expect(await client.promptNames()).toContain("e2e_greet");
    expect(await client.prompt("e2e_greet", { who: "Ada" })).toEqual([
      { role: "user", content: { type: "text", text: "Greet Ada kindly." } },
    ]);
    expect(await client.complete("e2e_greet", "who", "A")).toEqual(["Ada", "Alan"]);
  });

  it("hears that the tools have changed, and lists the new ones", async () => {
    const before = await client.toolNames();
    const changed = new Promise<void>((resolve) => client.onToolsChanged(resolve));
    await client.call("e2e_toggle");
    await changed;
    const extra = ["e2e_extra"];
    const after = before.includes("e2e_extra")
      ? before.filter((name) => name !== "e2e_extra")
      : [...before, ...extra].toSorted();
    await expect.poll(() => client.toolNames(), { timeout: 5_000 }).toEqual(after);
  });

  it("cancels a call, and the plugin hears of it", async () => {
    const aborted = async (): Promise<number> =>
      (await client.call("e2e_aborted")).structuredContent.count;
    const before = await aborted();
    const started = fixture.server.stderr().split("Waiting").length;
    const controller = new AbortController();
    const waiting = client.call("e2e_wait", {}, { signal: controller.signal });
    await Promise.all([
      expect(waiting).rejects.toThrow(/enough/),
      fixture.server.printed("Waiting", started).then(() => controller.abort(new Error("enough"))),
    ]);
    await expect.poll(aborted, { timeout: 5_000 }).toBe(before + 1);
  });

  it("is refused with a key that nobody made", async () => {
    await expect(connect("mcpk_nobody-ever-made-this-key")).rejects.toThrow(
      /401|[Uu]nauthori[sz]ed/,
    );
  });
});

describe.each(["legacy", "auto", "modern"])("the Inspector's command line, %s", (era) => {
  const inspector = join(
    require.resolve("@modelcontextprotocol/inspector/package.json"),
    "../clients/launcher/build/index.js",
  );

  function inspect(...args: string[]) {
    const home = join(fixture.folder, "inspector");
    const config = join(home, `${era}.json`);
    mkdirSync(home, { recursive: true });
    const entry = {
      type: "streamable-http",
      url: fixture.banner.mcpUrl,
      headers: { Authorization: `Bearer ${fixture.banner.clientKey}` },
      protocolEra: era,
    };
    writeFileSync(config, JSON.stringify({ mcpServers: { ours: entry } }));
    const { status, stdout } = spawnSync(
      process.execPath,
      [inspector, "--cli", "--config", config, "--server", "ours", "--format", "json", ...args],
      {
        env: bareEnvironment(home, { MCP_INSPECTOR_SECRET_STORE: "memory" }),
        encoding: "utf8",
        timeout: 15_000,
      },
    );
    return { status, result: (JSON.parse(stdout) as { result: Record<string, unknown> }).result };
  }

  it("lists tools whose schemas every client can use", () => {
    const { status, result } = inspect("--method", "tools/list", "--strict");
    expect(status).toBe(0);
    const names = (result["tools"] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["e2e_echo", "time_now"]));
  });

  it("calls a tool, and sees by its exit code that one refused", () => {
    const call = ["--method", "tools/call", "--tool-name"];
    const said = inspect(...call, "e2e_echo", "--tool-arg", "text=hi");
    expect(said).toMatchObject({
      status: 0,
      result: { content: [{ type: "text", text: "hi" }] },
    });
    expect(inspect(...call, "e2e_refuse")).toMatchObject({ status: 5, result: { isError: true } });
  });

  it("reads a resource and gets a prompt", () => {
    expect(inspect("--method", "resources/read", "--uri", "e2e://greeting")).toMatchObject({
      status: 0,
      result: { contents: [{ uri: "e2e://greeting", text: "Hello" }] },
    });
    const prompt = ["--prompt-name", "e2e_greet", "--prompt-args", "who=Ada"];
    expect(inspect("--method", "prompts/get", ...prompt)).toMatchObject({
      status: 0,
      result: { messages: [{ content: { text: "Greet Ada kindly." } }] },
    });
  });
});

describe("what docs/clients.md says of programs of one's own", () => {
  const [snippet] = /(?<=```ts\n)[^`]+/.exec(readFileSync(join(ROOT, "docs/clients.md"), "utf8"))!;

  it("connects", () => {
    const filled = snippet
      .replace("http://127.0.0.1:3000/mcp", fixture.banner.mcpUrl)
      .replace("YOUR_CLIENT_KEY", fixture.banner.clientKey);
    // Below the checkout, where the SDK is found.
    const file = join(ROOT, ".cache", `client-${process.pid}.ts`);
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    writeFileSync(
      file,
      `${filled}
       console.log(client.getNegotiatedProtocolVersion(), (await client.listTools()).tools.length);
       await client.close();`,
    );
    try {
      const { stdout, status } = spawnSync(process.execPath, [file], { encoding: "utf8" });
      expect(stdout).toMatch(/^2026-07-28 \d+\n$/);
      expect(status).toBe(0);
    } finally {
      rmSync(file);
    }
  });
});
