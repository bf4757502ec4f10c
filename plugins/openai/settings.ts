import { z } from "mcp-plugin-server/plugin";

export const modelSchema = z.string().trim().min(1).max(200);

/** An id that goes into a header. */
const idSchema = z.string().regex(/^[A-Za-z0-9._-]{1,200}$/, "is not an id");

export const settingsSchema = z.strictObject({
  baseUrl: z
    .string()
    .max(500)
    // No user, query or fragment, and without TLS this machine alone.
    .regex(
      /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]))(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/,
      "is not an https address, nor http on this machine",
    )
    .refine((text) => URL.canParse(text), "is not an address")
    .default("https://api.openai.com/v1")
    .describe(
      "Where the service is, with the version: https, or http on this machine. Any service that is compatible with OpenAI's will do.",
    ),
  organization: idSchema.optional().describe("Of your account, such as org-…; for OpenAI alone."),
  project: idSchema.optional().describe("Of your account, such as proj_…; for OpenAI alone."),
  defaultModel: modelSchema.optional().describe("Of chats that name none."),
  defaultEmbeddingModel: modelSchema.optional().describe("Of embeddings that name none."),
  tokenLimitField: z
    .enum(["max_completion_tokens", "max_tokens"])
    .default("max_completion_tokens")
    .describe("What the service calls the limit of a chat; older services know max_tokens alone."),
  timeoutMs: z
    .int()
    .min(100)
    .max(590_000)
    .default(120_000)
    .describe("Milliseconds that one answer may take, with all its tries."),
});

export type Settings = z.infer<typeof settingsSchema>;
