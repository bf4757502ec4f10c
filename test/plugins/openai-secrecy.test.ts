import { describe, expect, it } from "vitest";
import openai from "../../plugins/openai/index.ts";
import type { Reply } from "../helpers/loopback-service.ts";
import { completion, embeddingsAnswer, errorAnswer } from "./openai-answers.ts";
import { API_KEY, CHAT, EMBEDDINGS, LIST, openAi } from "./openai-host.ts";
import { expectNone } from "./secret-search.ts";

const ASK = { prompt: "Two and two?" };
const ESCAPED = API_KEY.split("")
  .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
  .join("");

/** `openAi` searches everything that was said for the key; these tests make the service say it. */
describe("a service that says the key", () => {
  it.each([400, 401, 403, 404, 413, 418, 429, 500])("in a refusal with %i", async (status) => {
    const { call, service } = await openAi();
    service.reply(CHAT, {
      status,
      headers: { "retry-after-ms": "1", "x-request-id": API_KEY, [`x-${API_KEY}`]: API_KEY },
      body: errorAnswer(`Key ${API_KEY} is bad`, { type: API_KEY, code: API_KEY }),
    });
    await expect(call("chat", ASK)).rejects.toMatchObject({ name: "ToolError" });
  });

  it("in every text of a good answer", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, {
      body: {
        ...completion({ content: `It is ${API_KEY}.` }, { finish_reason: API_KEY }),
        model: API_KEY,
      },
    });
    service.reply(EMBEDDINGS, { body: { ...embeddingsAnswer([[1]]), model: API_KEY } });
    service.reply(LIST, { body: { data: [{ id: API_KEY, owned_by: API_KEY }] } });
    expect((await call("chat", ASK)).structuredContent).toMatchObject({
      text: "It is [key].",
      model: "[key]",
      finishReason: "[key]",
    });
    expect((await call("embeddings", { inputs: ["a"] })).structuredContent.model).toBe("[key]");
    expect((await call("models")).structuredContent.models).toEqual([
      { id: "[key]", ownedBy: "[key]" },
    ]);
  });

  it("in the escapes of JSON is seen through", async () => {
    const { call, service } = await openAi();
    service.reply(CHAT, { status: 400, body: `{"error":{"message":"Key ${ESCAPED}"}}` });
    await expect(call("chat", ASK)).rejects.toThrow("status 400: Key [key].");
  });

  it.each<{ name: string; reply: Reply }>([
    { name: "in what is not JSON", reply: { body: `<html>${API_KEY}</html>` } },
    {
      name: "in a status line",
      reply: (response) => response.writeHead(400, `Bad ${API_KEY}`).end(),
    },
    {
      name: "in a redirect",
      reply: (response) => response.writeHead(302, { location: `http://[${API_KEY}` }).end(),
    },
    {
      name: "in a header that breaks HTTP",
      reply: (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\n${API_KEY} : ${API_KEY}\r\n${API_KEY}\r\n\r\n`);
      },
    },
    {
      name: "in an encoding that breaks",
      reply: (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(API_KEY),
    },
  ])("$name", async ({ reply }) => {
    const { call, service, host } = await openAi();
    service.reply(CHAT, reply);
    await expect(call("chat", ASK)).rejects.toMatchObject({ name: "ToolError" });
    expect(service.requests[0]?.headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(host.serverLog).toHaveLength(1);
  });

  it("is no worse than a runtime that says which header it cannot send", async () => {
    const { call, host } = await openAi({}, undefined, {
      async fetch(_url, { headers } = {}) {
        throw new TypeError(`Invalid header: ${headers!["authorization"]}`);
      },
    });
    await expect(call("chat", ASK)).rejects.toThrow("it cannot be reached");
    expect(host.serverLog[0]?.fields["reason"]).toBe("Invalid header: Bearer [key]");
  });

  it("is no worse than a key that no header takes", async () => {
    const key = "sk-with-a\nline-break";
    const { call, host } = await openAi({}, { api_key: key });
    const error = await call("chat", ASK).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ToolError" });
    expect(host.serverLog).toHaveLength(1);
    expectNone([key, "sk-with-a"], [error, host.serverLog]);
  });
});

describe("the key", () => {
  it("is a password that the plugin needs", () => {
    expect(openai.auth).toMatchObject({
      type: "api-key",
      required: true,
      fields: { api_key: { type: "password", required: true } },
    });
  });

  it.each(["sk-proj-a_B-1", "ollama-has-none", "!".repeat(1_000)])("may be %s", (key) => {
    expect(key).toMatch(openai.auth?.fields["api_key"]?.validation as RegExp);
  });

  it.each(["", "short", "with a space", "with-a\nbreak", "schlüssel-1"])("may not be %j", (key) => {
    expect(key).not.toMatch(openai.auth?.fields["api_key"]?.validation as RegExp);
  });

  it("while it is missing, leaves the service alone and says what to do", async () => {
    const { call, service } = await openAi({}, {});
    await expect(call("models")).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"ai" has no API key yet. Ask the server\'s administrator to store it as the credential "api_key" of "ai".',
    });
    expect(service.requests).toEqual([]);
  });
});
