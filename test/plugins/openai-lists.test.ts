import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import openai from "../../plugins/openai/index.ts";
import { embeddingsAnswer } from "./openai-answers.ts";
import { EMBEDDINGS, LIST, openAi } from "./openai-host.ts";

const UNEXPECTED = "answered something unexpected";

describe("embeddings", () => {
  it("answers one vector for each text, in their order", async () => {
    const { call, service } = await openAi();
    const answer = embeddingsAnswer([
      [1, 0],
      [0, 1],
      [0.123_456_789, -1.5e-9],
    ]);
    service.reply(EMBEDDINGS, { body: { ...answer, data: answer.data.toReversed() } });
    const { content, structuredContent } = await call("embeddings", { inputs: ["a", "b", "c"] });
    expect(structuredContent).toEqual({
      model: "text-embedding-example",
      dimensions: 2,
      embeddings: [
        [1, 0],
        [0, 1],
        [0.123_456_8, -1.5e-9],
      ],
      usage: { inputTokens: 8, totalTokens: 8 },
    });
    expect(content).toEqual([
      { type: "text", text: "3 embeddings of 2 numbers, by text-embedding-example." },
    ]);
  });

  it.each([
    { args: {}, sent: {} },
    { args: { dimensions: 2, model: "m" }, sent: { dimensions: 2, model: "m" } },
  ])("asks as the service documents it: $args", async ({ args, sent }) => {
    const { call, service } = await openAi();
    await call("embeddings", { inputs: ["a"], ...args });
    expect(service.requests.map(({ body }) => body as unknown)).toEqual([
      { model: "text-embedding-example", input: ["a"], encoding_format: "float", ...sent },
    ]);
  });

  it("takes the least that a compatible service says", async () => {
    const { call, service } = await openAi();
    service.reply(EMBEDDINGS, { body: { data: [{ index: 0, embedding: [1] }] } });
    expect((await call("embeddings", { inputs: ["a"] })).structuredContent).toEqual({
      model: "text-embedding-example",
      dimensions: 1,
      embeddings: [[1]],
      usage: {},
    });
  });

  it.each([
    { name: "too few", data: [{ index: 0, embedding: [1] }] },
    {
      name: "one twice",
      data: [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    },
    {
      name: "one of a text that nobody sent",
      data: [
        { index: 0, embedding: [1] },
        { index: 2, embedding: [2] },
      ],
    },
    {
      name: "different lengths",
      data: [
        { index: 0, embedding: [1] },
        { index: 1, embedding: [1, 2] },
      ],
    },
    {
      name: "empty vectors",
      data: [
        { index: 0, embedding: [] },
        { index: 1, embedding: [] },
      ],
    },
    {
      name: "texts for numbers",
      data: [
        { index: 0, embedding: ["1"] },
        { index: 1, embedding: ["1"] },
      ],
    },
  ])("refuses an answer with $name", async ({ data }) => {
    const { call, service } = await openAi();
    service.reply(EMBEDDINGS, { body: { data } });
    await expect(call("embeddings", { inputs: ["a", "b"] })).rejects.toThrow(UNEXPECTED);
  });

  it.each([{ inputs: [] }, { inputs: [""] }, { inputs: Array.from({ length: 101 }, () => "a") }])(
    "takes between 1 and 100 texts that are not empty",
    async (args) => {
      const { call, service } = await openAi();
      await expect(call("embeddings", args)).rejects.toThrow("Invalid arguments: /inputs");
      expect(service.requests).toEqual([]);
    },
  );

  it("fits 100 vectors of 3,072 numbers into one result, and says when it is more", async () => {
    const { call, service } = await openAi();
    const vectorOf = (dimensions: number) =>
      Array.from({ length: dimensions }, (_, at) => Math.sin(at + 1) / 55.4);
    const inputs = Array.from({ length: 100 }, () => "a");
    service.reply(
      EMBEDDINGS,
      { body: embeddingsAnswer(inputs.map(() => vectorOf(3_072))) },
      { body: embeddingsAnswer(inputs.map(() => vectorOf(3_073))) },
    );
    const whole = await call("embeddings", { inputs });
    expect(whole.structuredContent.embeddings).toHaveLength(100);
    expect(JSON.stringify(whole).length).toBeLessThan(4 * 1024 * 1024);
    await expect(call("embeddings", { inputs })).rejects.toMatchObject({
      name: "ToolError",
      message:
        "100 embeddings of 3073 numbers are more than one result holds. Send at most 99 texts at once, or ask for fewer dimensions.",
    });
  });
});

describe("models", () => {
  it("lists them by name", async () => {
    const { call } = await openAi();
    const { content, structuredContent } = await call("models");
    expect(structuredContent).toEqual({
      models: [
        { id: "gpt-large", ownedBy: "openai", created: "2026-07-01" },
        { id: "gpt-small", ownedBy: "openai", created: "2026-07-01" },
        { id: "text-embedding-a", ownedBy: "system", created: "2023-11-14" },
      ],
      total: 3,
    });
    expect(content).toEqual([{ type: "text", text: "gpt-large\ngpt-small\ntext-embedding-a" }]);
  });

  it.each([
    { filter: "EMBED", ids: ["text-embedding-a"] },
    { filter: "gpt-", ids: ["gpt-large", "gpt-small"] },
    { filter: "claude", ids: [] },
  ])("lists those with $filter in their name", async ({ filter, ids }) => {
    const { call } = await openAi();
    const { structuredContent } = await call("models", { filter });
    expect(structuredContent.models.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(structuredContent.total).toBe(ids.length);
  });

  it("says in words when there is none", async () => {
    const { call } = await openAi();
    const { content } = await call("models", { filter: "claude" });
    expect(content).toEqual([{ type: "text", text: "No model matches." }]);
  });

  it("leaves out what a compatible service does not say, or says wrongly", async () => {
    const { call, service } = await openAi();
    const data = [{ id: "a" }, { id: "b", created: 0, owned_by: "" }, { id: "c", created: "x" }];
    service.reply(LIST, { body: { data } });
    expect((await call("models")).structuredContent.models).toEqual([
      { id: "a" },
      { id: "b" },
      { id: "c" },
    ]);
  });

  it("lists 500 at most, and says how many there are", async () => {
    const { call, service } = await openAi();
    const data = Array.from({ length: 501 }, (_, at) => ({ id: String(at).padStart(3, "0") }));
    service.reply(LIST, { body: { data } });
    const { structuredContent } = await call("models");
    expect(structuredContent.models).toHaveLength(500);
    expect(structuredContent.models[499]).toEqual({ id: "499" });
    expect(structuredContent.total).toBe(501);
  });
});

describe("the settings", () => {
  const check = createAjvEngine().compile(openai.configSchema!);

  it.each([
    {},
    { baseUrl: "https://api.openai.com/v1" },
    { baseUrl: "https://proxy.example:8443/openai/v1/" },
    { baseUrl: "http://localhost:11434/v1" },
    { baseUrl: "http://[::1]:8080" },
    { organization: "org-a", project: "proj_b", defaultModel: "m", timeoutMs: 590_000 },
  ])("may be %j", (settings) => {
    expect(check(settings)).toBeNull();
  });

  it.each([
    { place: "", settings: { apiKey: "x" } },
    { place: "/timeoutMs", settings: { timeoutMs: 99 } },
    { place: "/timeoutMs", settings: { timeoutMs: 590_001 } },
    { place: "/organization", settings: { organization: "a\r\nb: c" } },
    { place: "/tokenLimitField", settings: { tokenLimitField: "tokens" } },
    ...[
      "http://api.openai.com/v1",
      "http://127.0.0.1.example.org",
      "http://localhost:80@example.org",
      "https://user:password@example.org",
      "https://example.org/?a=b",
      "https://example.org/#a",
      "",
    ].map((baseUrl) => ({ place: "/baseUrl", settings: { baseUrl } })),
  ])("are refused: %j", ({ place, settings }) => {
    expect(check(settings)?.pointer).toBe(place);
  });

  it("with a port that cannot be keep the plugin from starting", async () => {
    await expect(openAi({ baseUrl: "https://example.org:99999" })).rejects.toThrow(
      "is not an address",
    );
  });

  it("may end in a slash", async () => {
    const { call, service } = await openAi();
    const slashed = await openAi({ baseUrl: `${service.baseUrl}/v1//` });
    await slashed.call("models");
    await call("models");
    expect(service.requests.map(({ url }) => url.pathname)).toEqual(["/v1/models", "/v1/models"]);
  });
});
