import { describe, expect, it } from "vitest";
import { errorAnswer } from "./openai-answers.ts";
import { CHAT, EMBEDDINGS, LIST, openAi } from "./openai-host.ts";

const ASK = { prompt: "Two and two?" };

const WRONG_KEY = errorAnswer(
  "Incorrect API key provided: sk-proj-****e1f0. You can find your API key at https://platform.openai.com/account/api-keys.",
  { code: "invalid_api_key" },
);
const QUOTA = errorAnswer("You exceeded your current quota, please check your plan.", {
  type: "insufficient_quota",
  code: "insufficient_quota",
});
describe("a refusal of the service", () => {
  it.each([
    {
      name: "401, without the part of the key that it shows",
      status: 401,
      body: WRONG_KEY,
      message:
        '<service> does not accept this server\'s API key. Ask the server\'s administrator to store another as the credential "api_key" of "ai".',
    },
    {
      name: "403",
      status: 403,
      body: errorAnswer("Country, region, or territory not supported."),
      message:
        "<service> does not let this server's API key do that: Country, region, or territory not supported.",
    },
    {
      name: "404 for a model",
      status: 404,
      body: errorAnswer("The model `gpt-9` does not exist or you do not have access to it.", {
        code: "model_not_found",
      }),
      message:
        '<service> has no such model for this server\'s API key: The model `gpt-9` does not exist or you do not have access to it. The tool "models" lists those that it has.',
    },
    {
      name: "404 for the address",
      status: 404,
      body: "<h1>Not found</h1>",
      message:
        "<service> does not know what was asked for. If that goes for every call, the setting baseUrl is wrong.",
    },
    {
      name: "413",
      status: 413,
      body: {},
      message: "That is too much for <service> at once. Send less.",
    },
    {
      name: "400 for a text that is too long",
      status: 400,
      body: errorAnswer("This model's maximum context length is 128000 tokens.", {
        code: "context_length_exceeded",
      }),
      message:
        "That is longer than the model can take: This model's maximum context length is 128000 tokens. Send less, or choose a model that takes more.",
    },
    {
      name: "400, with the service's own words in one line",
      status: 400,
      body: errorAnswer("Unsupported value:\n  'temperature'."),
      message: "<service> refused the request with status 400: Unsupported value: 'temperature'.",
    },
    {
      name: "400 with words without end",
      status: 400,
      body: errorAnswer("x".repeat(10_000)),
      message: `<service> refused the request with status 400: ${"x".repeat(300)}….`,
    },
    {
      name: "400 with an error of another shape",
      status: 400,
      body: { error: "no" },
      message: "<service> refused the request with status 400.",
    },
    {
      name: "422 with members that are no texts",
      status: 422,
      body: { error: { message: { a: 1 }, type: 1, code: [] } },
      message: "<service> refused the request with status 422.",
    },
    {
      name: "429 for a quota that is used up",
      status: 429,
      body: QUOTA,
      message:
        "The quota of this server's API key at the service at <host> is used up. The server's administrator must look at its plan and billing.",
    },
  ])("is explained, and not tried again: $name", async ({ status, body, message }) => {
    const { call, service, host } = await openAi();
    service.reply(CHAT, { status, headers: { "x-request-id": "req_1" }, body });
    const at = new URL(service.baseUrl).host;
    await expect(call("chat", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: message.replace("<service>", `The service at ${at}`).replace("<host>", at),
    });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog).toMatchObject([
      {
        level: "warn",
        message: "A request to the service failed",
        fields: {
          path: "chat/completions",
          reason: `status ${status}`,
          serviceRequestId: "req_1",
        },
      },
    ]);
  });

  it.each([
    { tool: "embeddings", args: { inputs: ["a"] }, target: EMBEDDINGS },
    { tool: "models", args: {}, target: LIST },
  ])("of $tool is explained like any other", async ({ tool, args, target }) => {
    const { call, service } = await openAi();
    service.reply(target, { status: 401, body: WRONG_KEY });
    await expect(call(tool, args)).rejects.toThrow("does not accept this server's API key");
  });
});
