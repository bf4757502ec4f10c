import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as LegacyStdioTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { transportContract } from "../contract/transport.ts";
import { connectV1Over, connectV2Over } from "../helpers/e2e-client.ts";
import {
  bareEnvironment,
  callTool,
  ROOT,
  startProcess,
  temporaryFolder,
  withFixture,
  type Banner,
} from "../helpers/server-process.ts";

let folder: ReturnType<typeof temporaryFolder>;
let fixture: Record<string, string>;

beforeAll(() => {
  folder = temporaryFolder();
  fixture = withFixture(folder.path);
});

afterAll(() => folder.remove());

/** How a client starts the server; all of them share one data folder. */
function program(dataDir = join(folder.path, "data")) {
  return {
    command: process.execPath,
    args: [join(ROOT, "adapters/node/main.ts"), "stdio", "--data-dir", dataDir],
    env: bareEnvironment(folder.path, fixture),
    cwd: folder.path,
    stderr: "ignore" as const,
  };
}

describe("stdio", () => {
  transportContract({
    openV1: () => new LegacyStdioTransport(program()),
    openV2: () => new StdioClientTransport(program()),
  });
});

describe("several processes on one data folder", () => {
  it("all start at once, on an empty one, and serve", async () => {
    const dataDir = join(folder.path, "fresh");
    const clients = await Promise.all(
      [1, 2, 3, 4].map((number) =>
        number % 2 === 0
          ? connectV1Over(new LegacyStdioTransport(program(dataDir)))
          : connectV2Over(new StdioClientTransport(program(dataDir)), { pin: "2026-07-28" }),
      ),
    );
    const answers = await Promise.all(
      clients.map((client, index) => client.call("e2e_echo", { text: `number ${index}` })),
    );
    expect(answers.map(({ content }) => content[0].text)).toEqual([
      "number 0",
      "number 1",
      "number 2",
      "number 3",
    ]);
    await Promise.all(clients.map((client) => client.close()));
    expect(existsSync(join(dataDir, "server.db"))).toBe(true);
  });

  it("serve beside a server that listens, whose keys they neither need nor make", async () => {
    const dataDir = join(folder.path, "shared");
    const early = await connectV1Over(new LegacyStdioTransport(program(dataDir)));
    const server = startProcess(["--json"], {
      cwd: folder.path,
      env: { ...fixture, MCP_DATA_DIR: dataDir },
    });
    const banner = (await server.banner()) as Required<Banner>;
    // Its first run, as far as keys go.
    expect(banner.clientKey).toMatch(/^mcpk_/);
    const late = await connectV2Over(new StdioClientTransport(program(dataDir)), "auto");
    const texts = await Promise.all([
      early.call("e2e_echo", { text: "early" }),
      callTool(banner, banner.clientKey, "e2e_echo", { text: "by HTTP" }),
      late.call("e2e_echo", { text: "late" }),
    ]);
    expect(texts).toMatchObject([
      { content: [{ text: "early" }] },
      { status: 200, text: expect.stringContaining("by HTTP") },
      { content: [{ text: "late" }] },
    ]);
    await Promise.all([early.close(), late.close()]);
    expect((await callTool(banner, banner.clientKey, "e2e_aborted")).status).toBe(200);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });
});
