/** The service's answers in the shapes of its documentation, with figures of our own. */

/** `POST /chat/completions`. */
export function completion(
  message: Record<string, unknown> = {},
  choice: Record<string, unknown> = {},
) {
  return {
    id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
    object: "chat.completion",
    created: 1_782_907_200,
    model: "gpt-example-2026-04-14",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "Four.",
          refusal: null,
          annotations: [],
          ...message,
        },
        logprobs: null,
        finish_reason: "stop",
        ...choice,
      },
    ],
    usage: {
      prompt_tokens: 19,
      completion_tokens: 10,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    service_tier: "default",
    system_fingerprint: "fp_example",
  };
}

/** `POST /embeddings`. */
export function embeddingsAnswer(vectors: readonly (readonly number[])[]) {
  return {
    object: "list",
    data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
    model: "text-embedding-example",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  };
}

/** `GET /models`. */
export const MODELS = {
  object: "list",
  data: [
    { id: "gpt-small", object: "model", created: 1_782_907_200, owned_by: "openai" },
    { id: "text-embedding-a", object: "model", created: 1_700_000_000, owned_by: "system" },
    { id: "gpt-large", object: "model", created: 1_782_907_200, owned_by: "openai" },
  ],
};

export function errorAnswer(
  message: string,
  { type = "invalid_request_error", code = null }: { type?: string; code?: string | null } = {},
) {
  return { error: { message, type, param: null, code } };
}
