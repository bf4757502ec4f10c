import { describe, expect, it } from "vitest";
import type { WorkerEnv } from "../../adapters/workers/index.ts";
import { definePlugin, ToolError, z, type MCPPlugin } from "../../src/plugins/index.ts";
import { modern, modernRequest } from "../helpers/mcp.ts";
import {
  ADMIN_TOKEN,
  CLIENT_KEY,
  ENV,
  eventsOf,
  legacyRequest,
  MASTER_KEY,
  ownWorker,
  type Message,
} from "./helpers.ts";

const shop = definePlugin({
  name: "shop",
  version: "1.0.0",
  description: "Sells things.",
  config: z.object({ currency: z.string().default("EUR") }),
  tools: {
    price: {
      description: "Tells a price.",
      input: z.object({ item: z.enum(["tea"]), count: z.int().min(1) }),
      output: z.object({ total: z.number(), currency: z.string() }),
      handler: ({ count }, { config }) => ({ total: count * 3, currency: config.currency }),
    },
    refuse: {
      description: "Refuses.",
      handler: () => {
        throw new ToolError("The shop is closed.");
      },
    },
    crash: {
      description: "Has a bug.",
      handler: () => {
        throw new TypeError("secret of the shop");
      },
    },
  },
});

describe("plugins in a Worker", () => {
  it("receive arguments that satisfy the schema, and settings with their defaults", async () => {
    const app = ownWorker({ plugins: { shop } });
    const call = { name: "shop_price", arguments: { item: "tea", count: 2 } };
    const { body } = await modern(app, "tools/call", call);
    expect(body.result.structuredContent).toEqual({ total: 6, currency: "EUR" });
  });

  it("may have settings and another prefix", async () => {
    const app = ownWorker({
      plugins: { shop },
      settings: { shop: { toolPrefix: "", config: { currency: "NOK" } } },
    });
    const call = { name: "price", arguments: { item: "tea", count: 1 } };
    const { body } = await modern(app, "tools/call", call);
    expect(body.result.structuredContent).toEqual({ total: 3, currency: "NOK" });
  });

  it("never see arguments that break the schema", async () => {
    const app = ownWorker({ plugins: { shop } });
    const call = { name: "shop_price", arguments: { item: "tea", count: 0 } };
    const { status, body } = await modern(app, "tools/call", call);
    expect(status).toBe(200);
    expect(body.result.isError).toBe(true);
    expect(body.result.content[0].text).toContain("/count");
  });

  it("tell the model what went wrong", async () => {
    const { body } = await modern(ownWorker({ plugins: { shop } }), "tools/call", {
      name: "shop_refuse",
      arguments: {},
    });
    expect(body.result.isError).toBe(true);
    expect(body.result.content).toEqual([{ type: "text", text: "The shop is closed." }]);
  });

  it("keep what else they throw to themselves", async () => {
    const { body } = await modern(ownWorker({ plugins: { shop } }), "tools/call", {
      name: "shop_crash",
      arguments: {},
    });
    expect(body.result.isError).toBe(true);
    expect(JSON.stringify(body)).not.toContain("secret of the shop");
  });

  it.each([
    { form: "an object", plugin: plain() },
    { form: "a factory", plugin: plain },
    { form: "a module", plugin: { default: plain } },
    {
      form: "a class",
      plugin: class {
        constructor() {
          Object.assign(this, plain());
        }
        executeTool() {}
      },
    },
  ])("may come as $form", async ({ plugin }) => {
    const call = { name: "plain_echo", arguments: {} };
    const { body } = await modern(ownWorker({ plugins: { plain: plugin } }), "tools/call", call);
    expect(body.result.content).toEqual([{ type: "text", text: "echo" }]);
  });

  it("that fail do not keep the others from serving", async () => {
    const broken = { ...plain(), initialize: () => Promise.reject(new Error("no luck")) };
    const app = ownWorker({ plugins: { broken, shop } });
    const response = await app.request("/api/plugins", { key: ADMIN_TOKEN });
    const { data } = (await response.json()) as { data: { id: string; state: string }[] };
    expect(data.map(({ id, state }) => [id, state])).toEqual([
      ["broken", "failed"],
      ["shop", "running"],
    ]);
  });

  it.each([
    { what: "a bad id", options: { plugins: { "Not an id": shop } } },
    { what: "settings of nobody", options: { plugins: {}, settings: { shop: {} } } },
  ])("with $what are refused when the Worker is made", ({ options }) => {
    expect(() => ownWorker(options)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});

describe("a call that streams", () => {
  const steps = () => {
    const gate = Promise.withResolvers<void>();
    const plugin = definePlugin({
      name: "steps",
      version: "1.0.0",
      description: "Takes its time.",
      tools: {
        walk: {
          description: "Walks.",
          handler: async (_args, { call }) => {
            call.progress(1, 2, "half way");
            await gate.promise;
            return "there";
          },
        },
      },
    });
    return { plugin, arrive: () => gate.resolve() };
  };

  it.each([
    {
      era: "2026-07-28",
      request: modernRequest(
        "tools/call",
        { name: "steps_walk", arguments: {} },
        { meta: { progressToken: "p1" } },
      ),
    },
    {
      era: "2025-11-25",
      request: legacyRequest("tools/call", {
        name: "steps_walk",
        arguments: {},
        _meta: { progressToken: "p1" },
      }),
    },
  ])("reports its progress before its end ($era)", async ({ request }) => {
    const { plugin, arrive } = steps();
    const response = await ownWorker({ plugins: { steps: plugin } }).request("/mcp", request);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const messages: Message[] = [];
    for await (const message of eventsOf(response)) {
      messages.push(message);
      if (message.method === "notifications/progress") arrive();
    }
    const [progress, answer] = messages;
    expect(messages).toHaveLength(2);
    expect(progress?.params).toMatchObject({
      progressToken: "p1",
      progress: 1,
      total: 2,
      message: "half way",
    });
    expect(answer?.result.content).toEqual([{ type: "text", text: "there" }]);
  });

  it("aborts the plugin's signal when its client hangs up", async () => {
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const plugin = definePlugin({
      name: "steps",
      version: "1.0.0",
      description: "Waits.",
      tools: {
        wait: {
          description: "Waits for ever.",
          handler: (_args, { call }) =>
            new Promise(() => {
              call.signal.addEventListener("abort", () => aborted.resolve());
              begun.resolve();
            }),
        },
      },
    });
    const client = new AbortController();
    const answer = ownWorker({ plugins: { steps: plugin } }).request("/mcp", {
      ...modernRequest("tools/call", { name: "steps_wait", arguments: {} }),
      signal: client.signal,
    });
    await begun.promise;
    client.abort();
    await aborted.promise;
    expect((await answer).status).toBe(499);
  });
});

describe("the Worker's environment", () => {
  it.each<{ name: string; env: WorkerEnv; detail: RegExp }>([
    {
      name: "nothing",
      env: {},
      detail:
        /MCP_CLIENT_KEY is not set; MCP_ADMIN_TOKEN is not set; MCP_MASTER_KEY is not set; PUBLIC_URL/,
    },
    {
      name: "a short key",
      env: { ...ENV, MCP_CLIENT_KEY: "hunter2" },
      detail: /^MCP_CLIENT_KEY must/,
    },
    {
      name: "no admin token",
      env: without("MCP_ADMIN_TOKEN"),
      detail: /^MCP_ADMIN_TOKEN is not set\.$/,
    },
    {
      name: "a short master key",
      env: { ...ENV, MCP_MASTER_KEY: "hunter2" },
      detail: /^MCP_MASTER_KEY: The master key must be exactly 32 bytes/,
    },
    {
      name: "an address without TLS",
      env: { ...ENV, PUBLIC_URL: "http://mcp.example.org" },
      detail: /^PUBLIC_URL must/,
    },
    {
      name: "an address with a path",
      env: { ...ENV, PUBLIC_URL: "https://mcp.example.org/mcp" },
      detail: /^PUBLIC_URL must/,
    },
    {
      name: "a private origin that is none",
      env: { ...ENV, MCP_ALLOW_PRIVATE_ORIGINS: "git.lan" },
      detail: /^MCP_ALLOW_PRIVATE_ORIGINS must be a list of origins/,
    },
    {
      name: "a wish for no keys",
      env: { ...ENV, MCP_AUTH: "none" },
      detail: /^MCP_AUTH must be keys/,
    },
  ])("with $name makes every answer a 500 that says so", async ({ env, detail }) => {
    const response = await ownWorker({ plugins: {} }, env).request("/healthz");
    expect(response.status).toBe(500);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { code: string; detail: string };
    expect(problem.code).toBe("CONFIG_INVALID");
    expect(problem.detail).toMatch(detail);
    for (const value of ["hunter2", CLIENT_KEY, ADMIN_TOKEN, MASTER_KEY]) {
      expect(JSON.stringify(problem)).not.toContain(value);
    }
  });

  it("may be on this machine, without TLS", async () => {
    const app = ownWorker({ plugins: {} }, { ...ENV, PUBLIC_URL: "http://localhost:8787" });
    const headers = { host: "localhost:8787" };
    expect((await app.request("/healthz", { headers })).status).toBe(200);
  });
});

describe("an isolate", () => {
  it("puts the server together once, for all requests that come meanwhile", async () => {
    let starts = 0;
    const plugin = {
      ...plain(),
      initialize: async () => {
        starts += 1;
      },
    };
    const app = ownWorker({ plugins: { plain: plugin } });
    const answers = await Promise.all([1, 2, 3].map(() => app.request("/readyz")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(starts).toBe(1);
    expect(app.background).toHaveLength(1);
  });

  it("tries again at the next request when it could not be put together", async () => {
    const env: Record<string, string> = {};
    const app = ownWorker({ plugins: {} }, env);
    expect((await app.request("/readyz")).status).toBe(500);
    Object.assign(env, ENV);
    expect((await app.request("/readyz")).status).toBe(200);
  });
});

function plain(): MCPPlugin {
  return {
    name: "plain",
    version: "1.0.0",
    description: "Echoes.",
    async initialize() {},
    getTools: () => [{ name: "echo" }],
    getResources: () => [],
    executeTool: async () => "echo",
    async cleanup() {},
  };
}

function without(name: keyof typeof ENV): WorkerEnv {
  const { [name]: _, ...rest } = ENV;
  return rest;
}
