import { definePlugin } from "mcp-plugin-server/plugin";
import { auth } from "./api-key.ts";
import { chat, chatInput, chatOutput } from "./chat.ts";
import { embed, embeddingsInput, embeddingsOutput } from "./embeddings.ts";
import { listModels, modelsInput, modelsOutput } from "./models.ts";
import { settingsSchema } from "./settings.ts";

/** They change nothing, and ask a service on the internet. */
const ASKS = { readOnlyHint: true, openWorldHint: true };
/** The setting `timeoutMs` ends a call before. */
const TIMEOUT_MS = 600_000;

/** Models of OpenAI, or of a service that is compatible with it: the example of a plugin that needs an API key. */
export default definePlugin({
  name: "openai",
  version: "1.0.0",
  description: "Asks language models of OpenAI, or of services compatible with it.",
  auth,
  config: settingsSchema,
  tools: {
    chat: {
      title: "Ask a language model",
      description:
        "Asks a language model and answers its text. Give a prompt, or a conversation as messages.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: chatInput,
      output: chatOutput,
      handler: chat,
    },

    embeddings: {
      title: "Embed texts",
      description:
        "Turns up to 100 texts into vectors whose nearness tells how near the texts are in meaning. The vectors are in the structured content, rounded to seven digits.",
      annotations: { ...ASKS, idempotentHint: true },
      timeoutMs: TIMEOUT_MS,
      input: embeddingsInput,
      output: embeddingsOutput,
      handler: embed,
    },

    models: {
      title: "List models",
      description: "Lists the models that the server's API key may use, by name.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: modelsInput,
      output: modelsOutput,
      handler: listModels,
    },
  },
});
