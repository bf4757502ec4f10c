import { onTestFinished } from "vitest";
import openai from "../../plugins/openai/index.ts";
import { createTestHost, type TestHost, type TestHostOptions } from "../../src/plugins/index.ts";
import { canary } from "../helpers/canary.ts";
import { openLoopbackService, type LoopbackService } from "./loopback-service.ts";
import { completion, embeddingsAnswer, MODELS } from "./openai-answers.ts";
import { needingNothing } from "./needing-nothing.ts";
import { expectNone } from "./secret-search.ts";

export const API_KEY = canary("sk-proj-0f1e2d3c4b5a_69788796-");
export const CHAT = "POST /v1/chat/completions";
export const EMBEDDINGS = "POST /v1/embeddings";
export const LIST = "GET /v1/models";

export interface ToolAnswer {
  readonly content: readonly { readonly type: "text"; readonly text: string }[];
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it freely
  readonly structuredContent: any;
}

export interface OpenAi {
  readonly service: LoopbackService;
  readonly host: TestHost;
  /** Calls a tool. What comes of it is searched for the key when the test ends, as is the log. */
  readonly call: (
    name: string,
    args?: Record<string, unknown>,
    signal?: AbortSignal,
  ) => Promise<ToolAnswer>;
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
  const said: unknown[] = [];
  onTestFinished(async () => {
    await host.close();
    await service.close();
    expectNone([API_KEY], [said, host.serverLog, host.clientLog, host.progress]);
  });
  return {
    service,
    host,
    async call(name, args = {}, signal) {
      try {
        const answer = await host.callTool(name, args, signal && { signal });
        said.push(answer);
        return answer as ToolAnswer;
      } catch (error) {
        said.push(error);
        throw error;
      }
    },
  };
}

function withoutUndefined(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
