import openai from "../../plugins/openai/index.ts";
import { createTestHost, type TestHost, type TestHostOptions } from "../../src/plugins/index.ts";
import { canary } from "../helpers/canary.ts";
import { openLoopbackService, type LoopbackService } from "../helpers/loopback-service.ts";
import { completion, embeddingsAnswer, MODELS } from "./openai-answers.ts";
import { needingNothing } from "./needing-nothing.ts";
import { searchCalls, type CallTool } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";

export const API_KEY = canary("sk-proj-0f1e2d3c4b5a_69788796-");
export const CHAT = "POST /v1/chat/completions";
export const EMBEDDINGS = "POST /v1/embeddings";
export const LIST = "GET /v1/models";

export interface OpenAi {
  readonly service: LoopbackService;
  readonly host: TestHost;
  /** Calls a tool. What comes of it is searched for the key when the test ends, as is the log. */
  readonly call: CallTool;
}

/** The plugin at a service that answers everything. A setting that is `undefined` is left out. */
export async function openAi(
  config: Record<string, unknown> = {},
  credentials: Record<string, string> = { api_key: API_KEY },
  options: Pick<TestHostOptions, "fetch"> = {},
): Promise<OpenAi> {
  const service = await openLoopbackService();
  service.reply(CHAT, { body: completion() });
  service.reply(EMBEDDINGS, { body: embeddingsAnswer([[0.5, -0.25]]) });
  service.reply(LIST, { body: MODELS });
  const host = await createTestHost(await needingNothing(openai), {
    pluginId: "ai",
    config: withoutUndefined({
      baseUrl: `${service.baseUrl}/v1`,
      defaultModel: "gpt-example",
      defaultEmbeddingModel: "text-embedding-example",
      ...config,
    }),
    credentials,
    ...options,
  });
  const { call } = searchCalls(host, service, (said) => expectNone([API_KEY], said));
  return { service, host, call };
}

function withoutUndefined(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
