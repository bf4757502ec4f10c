import { SSEClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { openDevServer, WAIT, type DevServer } from "../helpers/dev-server.ts";
import { connectV1, connectV2, connectV2Over, type E2eClient } from "../helpers/e2e-client.ts";
import { WebSocketTransport, type AnyWebSocket } from "../helpers/websocket-transport.ts";

const RELOADS = 100;
const SYNTAX_ERROR = 30;
const THROWS_AT_START = 60;

/** The entry and a helper carry a number each; the tool answers both. */
function entry(version: number, { start = "", tool = "numbers" } = {}): string {
  return `
import { helper } from "./lib/helper.ts";

export default class {
  name = "numbers";
  version = "${version}.0.0";
  description = "Answers the numbers of its files.";
  async initialize() {}
  async start() { ${start} }
  getTools() { return [{ name: "${tool}" }]; }
  getResources() { return []; }
  async executeTool() {
    await new Promise((done) => setTimeout(done, 5));
    return "${version}/" + helper;
  }
  async cleanup() {}
}
`;
}

function helper(version: number): string {
  return `export const helper: number = ${version};\n`;
}

function openNumbers(): Promise<DevServer> {
  return openDevServer(
    { "numbers/index.ts": entry(0), "numbers/lib/helper.ts": helper(0) },
    { numbers: { package: "./numbers" } },
  );
}

/**
 * Calls without a pause until it is told to stop, or a call fails in any way: on a connection that is lost the next ones would
 * fail at once, for ever, and leave no turn to whoever stops this.
 */
function callForEver(client: E2eClient) {
  const seen = new Set<string>();
  const failures: unknown[] = [];
  let calls = 0;
  const told = new AbortController();
  const ended = (async () => {
    while (!told.signal.aborted && failures.length === 0) {
      calls++;
      try {
        const { isError, content } = (await client.call("numbers_numbers")) as {
          isError?: boolean;
          content: { text: string }[];
        };
        if (isError) failures.push(content);
        else seen.add(content[0]!.text);
      } catch (error) {
        failures.push(error);
      }
    }
  })();
  const stop = async () => {
    told.abort();
    await ended;
    await client.close();
    return { calls, failures };
  };
  return { seen, failures, stop };
}

/** Eight connections, of every kind that a client of a listening server may have, in both eras. */
async function connectEight({ url, mcpUrl, clientKey }: DevServer): Promise<E2eClient[]> {
  const pinned = { pin: "2026-07-28" };
  const headers = { Authorization: `Bearer ${clientKey}` };
  const socket = () =>
    new WebSocketTransport(
      () => new WebSocket(mcpUrl.replace(/^http/, "ws"), "mcp", { headers }) as AnyWebSocket,
    );
  const stream = () => new SSEClientTransport(new URL(`${url}/sse`), { requestInit: { headers } });
  return Promise.all([
    connectV2(mcpUrl, clientKey, pinned),
    connectV2(mcpUrl, clientKey, "auto"),
    connectV2(mcpUrl, clientKey),
    connectV1(mcpUrl, clientKey),
    connectV2Over(socket(), pinned),
    connectV2Over(socket()),
    connectV2Over(stream(), pinned),
    connectV2Over(stream()),
  ]);
}

interface Step {
  readonly save: () => void;
  /** What is answered then, or how the error begins that is shown. */
  readonly outcome: string | RegExp;
}

/** Entry and helper in turn, saved in the two ways that editors do it; two of the versions are bad. */
function* steps(server: DevServer): Generator<Step> {
  const good = { entry: 0, helper: 0 };
  const saveBoth = () => {
    server.save("numbers/lib/helper.ts", helper(good.helper), "replace");
    server.save("numbers/index.ts", entry(good.entry), "write");
  };
  for (let reload = 1; reload <= RELOADS; reload++) {
    if (reload === SYNTAX_ERROR) {
      const bad = "export const helper: number = ;\n";
      const save = () => server.save("numbers/lib/helper.ts", bad);
      yield { save, outcome: /^Loading failed: .*numbers\/lib\/helper\.ts:1/ };
    } else if (reload === THROWS_AT_START) {
      const bad = entry(reload, { start: "throw new Error('not today');" });
      const save = () => server.save("numbers/index.ts", bad);
      yield { save, outcome: /^Starting failed: not today \(.*numbers\/index\.ts:9:/ };
    } else {
      good[reload % 2 === 0 ? "entry" : "helper"] = reload;
      yield { save: saveBoth, outcome: `${good.entry}/${good.helper}` };
    }
  }
}

describe(`${RELOADS} reloads while eight connections call all the time`, () => {
  it("fail no call, and every good version is seen", { timeout: 240_000 }, async () => {
    const server = await openNumbers();
    const clients = await connectEight(server);
    const loops = clients.map(callForEver);
    const isSeen = (text: string) => loops.some(({ seen }) => seen.has(text));
    const expected: string[] = [];
    for (const { save, outcome } of steps(server)) {
      save();
      if (typeof outcome === "string") expected.push(outcome);
      await vi.waitFor(async () => {
        expect(loops.flatMap(({ failures }) => failures)).toEqual([]);
        const { reloadError } = (await server.status("numbers"))!;
        const cameAbout =
          typeof outcome === "string" ? isSeen(outcome) : outcome.test(reloadError ?? "");
        if (!cameAbout) throw new Error(`No ${String(outcome)}; the error is ${reloadError}`);
      }, WAIT);
    }

    const ends = await Promise.all(loops.map(({ stop }) => stop()));
    expect(ends.flatMap(({ failures }) => failures)).toEqual([]);
    expect(expected.filter((text) => !isSeen(text))).toEqual([]);
    expect(expected).toHaveLength(RELOADS - 2);
    expect(await server.status("numbers")).toMatchObject({ reloadError: null });
    const calls = ends.map((end) => end.calls);
    expect(Math.min(...calls)).toBeGreaterThan(RELOADS);
  });
});

describe("a reload that changes the tools", () => {
  it("is told to each of eight connections, which go on", async () => {
    const server = await openNumbers();
    const clients = await connectEight(server);
    const told = clients.map(
      (client) => new Promise<void>((resolve) => client.onToolsChanged(resolve)),
    );
    server.save("numbers/index.ts", entry(1, { tool: "figures" }));
    await Promise.all(told);
    const lists = await Promise.all(clients.map((client) => client.toolNames()));
    expect(lists).toEqual(clients.map(() => ["numbers_figures"]));
    const answers = await Promise.all(clients.map((client) => client.call("numbers_figures")));
    expect(answers.map(({ content }) => content[0].text)).toEqual(clients.map(() => "1/0"));
    await Promise.all(clients.map((client) => client.close()));
  });
});
