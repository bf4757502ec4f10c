import { describe, expect, it } from "vitest";
import {
  BasePlugin,
  createTestHost,
  definePlugin,
  inputRequired,
  ToolError,
  z,
  type CallContext,
  type Tool,
} from "../../src/plugins/index.ts";

class Probe extends BasePlugin {
  readonly name = "probe";
  readonly version = "1.0.0";
  readonly description = "Does what it is told.";
  readonly steps: string[] = [];
  readonly configSchema = {
    type: "object",
    properties: { depth: { type: "integer", default: 3 }, unit: { type: "string" } },
    additionalProperties: false,
  };
  readonly #answer: (call: CallContext, probe: Probe) => unknown;
  readonly #tool: Partial<Tool>;

  constructor(
    answer: (call: CallContext, probe: Probe) => unknown = () => "",
    tool: Partial<Tool> = {},
  ) {
    super();
    this.#answer = answer;
    this.#tool = tool;
  }

  get own() {
    return this.context;
  }
  getTools(): Tool[] {
    return [{ name: "run", ...this.#tool }];
  }
  async executeTool(_name: string, _args: unknown, call: CallContext): Promise<unknown> {
    return this.#answer(call, this);
  }
  async start() {
    this.steps.push("start");
  }
  async stop() {
    this.steps.push("stop");
  }
}

const open = (
  answer?: (call: CallContext, probe: Probe) => unknown,
  options?: Parameters<typeof createTestHost>[1],
) => createTestHost(new Probe(answer), options);

describe("the test host", () => {
  it.each([
    { form: "an object", plugin: new Probe() },
    { form: "a class", plugin: Probe },
    { form: "a factory", plugin: () => new Probe() },
    { form: "an async factory", plugin: async () => new Probe() },
  ])("takes $form", async ({ plugin }) => {
    expect((await createTestHost(plugin)).plugin).toMatchObject({ name: "probe" });
  });

  it("takes a module", async () => {
    const host = await createTestHost(await import("../../plugins/greeting/index.ts"));
    expect(await host.callTool("greet", { name: "Ada" })).toBe("Hello, Ada!");
  });

  it("starts the plugin, and stops it when it is closed", async () => {
    const probe = new Probe();
    const host = await createTestHost(probe);
    expect(probe.steps).toEqual(["start"]);
    await host.close();
    expect(probe.steps).toEqual(["start", "stop"]);
    expect(() => probe.own).toThrow('Plugin "probe" is not initialized.');
  });

  it("checks the settings and fills in their defaults, in a copy of its own", async () => {
    const config = { unit: "C" };
    const { callTool } = await open((_call, probe) => probe.own.config as unknown, { config });
    expect(await callTool("run")).toEqual({ unit: "C", depth: 3 });
    expect(config).toEqual({ unit: "C" });
    await expect(open(undefined, { config: { depth: "deep" } })).rejects.toThrow(
      /^Invalid settings: /,
    );
  });

  it("gives the plugin the credentials it was told to, and keeps what it stores", async () => {
    const { callTool } = await open(
      async (_call, { own }) => {
        const before = await own.getCredential("key");
        await own.setCredential("key", "new");
        return {
          before,
          after: await own.getCredential("key"),
          none: await own.getCredential("x"),
        };
      },
      { credentials: { key: "old" } },
    );
    expect(await callTool("run")).toEqual({ before: "old", after: "new", none: null });
  });

  it("has an account when it was given a token", async () => {
    const { callTool } = await open(
      async (_call, { own }) => ({
        connected: await own.isAuthenticated(),
        token: await own.getAccessToken(),
        info: await own.getTokenInfo(),
      }),
      { accessToken: "t0ken" },
    );
    expect(await callTool("run")).toMatchObject({
      connected: true,
      token: "t0ken",
      info: { accessToken: "t0ken", tokenType: "Bearer" },
    });
  });

  it("has none otherwise, as the server before anybody connects one", async () => {
    const { callTool } = await open(async (_call, { own }) => ({
      connected: await own.isAuthenticated(),
      info: await own.getTokenInfo(),
    }));
    expect(await callTool("run")).toEqual({ connected: false, info: null });
    const eager = await open((_call, { own }) => own.getAccessToken());
    await expect(eager.callTool("run")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    const asking = await open((_call, { own }) => own.requireReauth());
    await expect(asking.callTool("run")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  });

  it("keeps what the plugin reports, logs and changes", async () => {
    const host = await open((call, { own }) => {
      call.progress(1, 2, "half");
      call.progress(2);
      call.log("warning", { low: true });
      own.logger.with({ part: "a" }).info("Did it", { n: 1 });
      own.changed("tools");
      own.resourceUpdated("probe://x");
    });
    await host.callTool("run");
    expect(host.progress).toEqual([{ progress: 1, total: 2, message: "half" }, { progress: 2 }]);
    expect(host.clientLog).toEqual([{ level: "warning", data: { low: true } }]);
    expect(host.serverLog).toEqual([
      { level: "info", message: "Did it", fields: { part: "a", n: 1 } },
    ]);
    expect(host.changes).toEqual(["tools", "probe://x"]);
  });

  it("calls as the principal and the client it was told to be", async () => {
    const principal = { kind: "user", id: "u1", scopes: ["mcp"] } as const;
    const { callTool } = await open((call) => ({ who: call.principal, by: call.client }), {
      principal,
      client: { name: "editor", capabilities: { elicitation: {} } },
    });
    expect(await callTool("run")).toEqual({
      who: principal,
      by: {
        protocolVersion: "2026-07-28",
        name: "editor",
        version: "0",
        capabilities: { elicitation: {} },
      },
    });
  });

  it("hands over the signal of the call", async () => {
    const { callTool } = await open((call) => call.signal.throwIfAborted());
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(callTool("run", {}, { signal: gone })).rejects.toThrow("gone");
  });

  it("plays the client that answers a question, with its state as JSON leaves it", async () => {
    const { callTool } = await open(({ input }) =>
      input === null ? inputRequired({ state: { at: new Date(0) } }) : { state: input.state },
    );
    const question = (await callTool("run")) as { state: unknown };
    expect(question).toEqual({
      resultType: "input_required",
      state: { at: "1970-01-01T00:00:00.000Z" },
    });
    const input = { responses: {}, state: question.state };
    expect(await callTool("run", {}, { input })).toEqual({ state: question.state });
  });
});

describe("what the server would refuse, the test host refuses", () => {
  const typed = (answer: () => unknown) =>
    createTestHost(
      new Probe(answer, {
        inputSchema: { properties: { n: { type: "integer" } } },
        outputSchema: { type: "object", required: ["sum"] },
      }),
    );

  it("a tool that the plugin does not list", async () => {
    const { callTool } = await open();
    await expect(callTool("walk")).rejects.toThrow(new ToolError("Unknown tool: walk"));
  });

  it("arguments that break the input schema", async () => {
    const { callTool } = await typed(() => ({ sum: 1 }));
    await expect(callTool("run", { n: "1" })).rejects.toMatchObject({
      name: "ToolError",
      message: 'Invalid arguments: /n does not satisfy "type"',
    });
  });

  it.each([
    { answer: {}, what: "breaks its output schema" },
    { answer: { content: [] }, what: "breaks its output schema" },
    { answer: { content: [], structuredContent: { sun: 1 } }, what: "breaks its output schema" },
    { answer: { sum: undefined }, what: "breaks its output schema" },
    { answer: undefined, what: "breaks its output schema" },
    { answer: { sum: 1n }, what: "is not JSON" },
  ])("a result that $what: $answer", async ({ answer, what }) => {
    const { callTool } = await typed(() => answer);
    await expect(callTool("run")).rejects.toThrow(`Tool "run" returned a result that ${what}`);
  });

  it.each([
    { sum: 1 },
    { content: [], structuredContent: { sum: 1 } },
    { content: [{ type: "text", text: "No." }], isError: true },
  ])("but not %o", async (answer) => {
    const { callTool } = await typed(() => answer);
    expect(await callTool("run")).toEqual(answer);
  });

  it("a result with a cycle", async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const { callTool } = await open(() => cycle);
    await expect(callTool("run")).rejects.toThrow('Tool "run" returned a result that is not JSON');
  });

  it("a prompt that the plugin does not list, and one without its required arguments", async () => {
    const plugin = definePlugin({
      name: "p",
      version: "1.0.0",
      description: "d",
      prompts: {
        ask: { input: z.object({ a: z.string(), b: z.string() }), handler: ({ a }) => a },
      },
    });
    const { getPrompt } = await createTestHost(plugin);
    await expect(getPrompt("tell")).rejects.toThrow(new ToolError("Unknown prompt: tell"));
    await expect(getPrompt("ask")).rejects.toThrow(
      new ToolError('Prompt "ask" needs the arguments: a, b'),
    );
  });
});
