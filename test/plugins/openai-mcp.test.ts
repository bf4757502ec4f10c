import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import openai from "../../plugins/openai/index.ts";
import type { Vault } from "../../src/index.ts";
import { canary } from "../helpers/canary.ts";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";
import { openLoopbackService, type LoopbackService } from "../helpers/loopback-service.ts";
import { completion, embeddingsAnswer, errorAnswer, MODELS } from "./openai-answers.ts";
import { API_KEY, CHAT, EMBEDDINGS, LIST } from "./openai-host.ts";
import { noteRequests } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";
import { store, vaultWith } from "./stored-credentials.ts";

const OTHER_KEY = canary("sk-proj-another-key-");

let app: TestApp;
let service: LoopbackService;
let vault: Vault;
const { said, ask, call } = noteRequests(() => app);

beforeAll(async () => {
  service = await openLoopbackService();
  vault = await vaultWith({ work: { api_key: API_KEY }, home: { api_key: OTHER_KEY } });
  const config = {
    baseUrl: `${service.baseUrl}/v1`,
    defaultModel: "gpt-example",
    defaultEmbeddingModel: "text-embedding-example",
  };
  app = await createTestApp({
    plugins: { work: openai, home: openai },
    entries: { work: { config }, home: { config } },
    deps: { vault },
  });
});

afterAll(async () => {
  await app.close();
  await service.close();
  expectNone([API_KEY, OTHER_KEY], [said, app.logs, app.manager.statuses()]);
});

beforeEach(() => {
  service.reply(CHAT, { body: completion() });
  service.reply(EMBEDDINGS, { body: embeddingsAnswer([[0.5, -0.25]]) });
  service.reply(LIST, { body: MODELS });
});

const keysSent = () => service.requests.slice(-2).map(({ headers }) => headers.authorization);

describe("the OpenAI plugin on the server", () => {
  it("runs, and offers strict tools", async () => {
    expect(
      app.manager.statuses().map(({ id, state, quarantined }) => ({ id, state, quarantined })),
    ).toEqual([
      { id: "home", state: "running", quarantined: [] },
      { id: "work", state: "running", quarantined: [] },
    ]);
    const { result } = await ask("tools/list");
    const tools = result.tools as { name: string; inputSchema: Record<string, unknown> }[];
    expect(
      tools.map(({ name, inputSchema }) => [name, inputSchema["additionalProperties"]]),
    ).toEqual(
      ["home", "work"].flatMap((id) =>
        ["chat", "embeddings", "models"].map((name) => [`${id}_${name}`, false]),
      ),
    );
  });

  it.each([
    { tool: "chat", args: { prompt: "Two and two?" }, content: { text: "Four." } },
    {
      tool: "embeddings",
      args: { inputs: ["a"] },
      content: { dimensions: 2, embeddings: [[0.5, -0.25]] },
    },
    { tool: "models", args: { filter: "embed" }, content: { total: 1 } },
  ])("answers $tool", async ({ tool, args, content }) => {
    const result = await call(`work_${tool}`, args);
    expect(result.isError).toBeUndefined();
    expect(result.structuredContent).toMatchObject(content);
    expect(result.content[0].type).toBe("text");
  });

  it("sends for each instance its own key", async () => {
    await call("work_models", {});
    await call("home_models", {});
    expect(keysSent()).toEqual([`Bearer ${API_KEY}`, `Bearer ${OTHER_KEY}`]);
  });

  it("tells of a key that the service does not take, and uses the next one at once", async () => {
    service.reply(
      CHAT,
      { status: 401, body: errorAnswer(`Incorrect API key provided: ${API_KEY}.`) },
      { body: completion() },
    );
    const refused = await call("work_chat", { prompt: "Two and two?" });
    expect(refused.isError).toBe(true);
    expect(refused.content[0].text).toContain(
      'store another as the credential "api_key" of "work"',
    );
    await store(vault, "work", "api_key", OTHER_KEY);
    const answered = await call("work_chat", { prompt: "Two and two?" });
    expect(answered.structuredContent.text).toBe("Four.");
    expect(keysSent()).toEqual([`Bearer ${API_KEY}`, `Bearer ${OTHER_KEY}`]);
  });
});
