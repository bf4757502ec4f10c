import { describe, expect, it, onTestFinished, vi } from "vitest";
import { completion } from "./openai-answers.ts";
import { API_KEY, CHAT, openAi } from "./openai-host.ts";

const ASK = { prompt: "Two and two?" };

describe("chat", () => {
  it("answers the model's text, and how it came to an end", async () => {
    const { call } = await openAi();
    const { content, structuredContent } = await call("chat", ASK);
    expect(content).toEqual([{ type: "text", text: "Four." }]);
    expect(structuredContent).toEqual({
      text: "Four.",
      model: "gpt-example-2026-04-14",
      finishReason: "stop",
      refused: false,
      usage: { inputTokens: 19, outputTokens: 10, totalTokens: 29 },
    });
  });

  it("asks as the service documents it, with the key in a header", async () => {
    const { call, service } = await openAi({ organization: "org-a1", project: "proj_b2" });
    await call("chat", { ...ASK, system: "Be brief.", temperature: 0, maxTokens: 50 });
    const [request] = service.requests;
    expect(service.requests).toHaveLength(1);
    expect(request?.body).toEqual({
      model: "gpt-example",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Two and two?" },
      ],
      temperature: 0,
      max_completion_tokens: 50,
    });
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${API_KEY}`,
      "content-type": "application/json",
      "openai-organization": "org-a1",
      "openai-project": "proj_b2",
    });
  });

  it("says nothing that was not asked for", async () => {
    const { call, service } = await openAi();
    await call("chat", { ...ASK, model: "other" });
    expect(service.requests[0]?.body).toEqual({
      model: "other",
      messages: [{ role: "user", content: "Two and two?" }],
    });
    expect(service.requests[0]?.headers).not.toHaveProperty("openai-organization");
    expect(service.requests[0]?.headers).not.toHaveProperty("openai-project");
  });

  it("takes a conversation, with the system's word before it", async () => {
    const { call, service } = await openAi({ tokenLimitField: "max_tokens" });
    const messages = [
      { role: "user", content: "Two and two?" },
      { role: "assistant", content: "Four." },
      { role: "user", content: "And three?" },
    ];
    await call("chat", { messages, system: "Be brief.", maxTokens: 1 });
    expect(service.requests[0]?.body).toEqual({
      model: "gpt-example",
      messages: [{ role: "system", content: "Be brief." }, ...messages],
      max_tokens: 1,
    });
  });

  it.each([
    { args: {}, reason: "Give one of prompt and messages." },
    {
      args: { ...ASK, messages: [{ role: "user", content: "a" }] },
      reason: "Give one of prompt and messages.",
    },
    { args: { messages: [] }, reason: "/messages" },
    { args: { messages: [{ role: "tool", content: "a" }] }, reason: "/messages/0/role" },
    { args: { ...ASK, temperature: 2.1 }, reason: "/temperature" },
    { args: { ...ASK, maxTokens: 0 }, reason: "/maxTokens" },
    { args: { ...ASK, stream: true }, reason: "/stream" },
  ])("refuses $args before it asks anybody", async ({ args, reason }) => {
    const { call, service } = await openAi();
    await expect(call("chat", args)).rejects.toThrow(reason);
    expect(service.requests).toEqual([]);
  });

  it("needs a model from the call or the settings", async () => {
    const { call, service } = await openAi({ defaultModel: undefined });
    await expect(call("chat", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message:
        'Name a model; the tool "models" lists them. The setting defaultModel gives one to calls that name none.',
    });
    expect(service.requests).toEqual([]);
  });

  it("tells that an answer was cut off", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { body: completion({}, { finish_reason: "length" }) });
    const { content, structuredContent } = await call("chat", ASK);
    expect(content.map(({ text }) => text)).toEqual(["Four.", "(Cut off at the limit of tokens.)"]);
    expect(structuredContent).toMatchObject({ text: "Four.", finishReason: "length" });
  });

  it("tells a refusal of the model from an answer", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { body: completion({ content: null, refusal: "I would rather not." }) });
    expect((await call("chat", ASK)).structuredContent).toMatchObject({
      text: "I would rather not.",
      refused: true,
    });
  });

  it.each([
    {
      finish_reason: "length",
      message:
        "gpt-example reached the limit of tokens before it wrote anything. Call again with a higher maxTokens, or without.",
    },
    {
      finish_reason: "content_filter",
      message: "The service's content filter held the answer back.",
    },
    { finish_reason: "stop", message: "gpt-example wrote nothing (finish reason: stop)." },
    { finish_reason: null, message: "gpt-example wrote nothing (finish reason: none)." },
  ])("explains an empty answer: $finish_reason", async ({ finish_reason, message }) => {
    const { call, service } = await openAi();
    service.reply(CHAT, { body: completion({ content: "" }, { finish_reason }) });
    await expect(call("chat", ASK)).rejects.toMatchObject({ name: "ToolError", message });
  });

  it("takes the least that a compatible service says", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { body: { choices: [{ message: { content: "Four." } }] } });
    expect((await call("chat", ASK)).structuredContent).toEqual({
      text: "Four.",
      model: "gpt-example",
      finishReason: "stop",
      refused: false,
      usage: {},
    });
  });

  it("tells the client every five seconds that it waits, and no longer than it does", async () => {
    const { call, service, host } = await openAi();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    service.reply(CHAT, (response) => {
      vi.advanceTimersByTime(14_999);
      response.end(JSON.stringify(completion()));
    });
    await call("chat", ASK);
    vi.advanceTimersByTime(60_000);
    expect(host.progress).toEqual([
      { progress: 5, message: "Waiting for gpt-example: 5 seconds" },
      { progress: 10, message: "Waiting for gpt-example: 10 seconds" },
    ]);
  });
});
