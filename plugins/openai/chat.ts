import { ToolError, z, type HandlerContext } from "mcp-plugin-server/plugin";
import { ask } from "./ask.ts";
import { pickModel } from "./models.ts";
import { withProgress } from "./progress.ts";
import { modelSchema, type Settings } from "./settings.ts";

const MAX_BYTES = 2 * 1024 * 1024;

const textSchema = z.string().min(1).max(1_000_000);

export const chatInput = z
  .strictObject({
    prompt: textSchema.optional().describe("What to answer. In place of messages."),
    messages: z
      .array(
        z.strictObject({
          role: z.enum(["developer", "system", "user", "assistant"]),
          content: textSchema,
        }),
      )
      .min(1)
      .max(500)
      .optional()
      .describe("The conversation so far, the oldest first. In place of prompt."),
    system: textSchema.optional().describe("How to answer; it goes before all the rest."),
    model: modelSchema
      .optional()
      .describe("The tool models lists them. Left out: what this server is set to."),
    temperature: z.number().min(0).max(2).optional().describe("Higher is more random."),
    maxTokens: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe("The most that the model may write, with what it thinks in between."),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    error: "Give one of prompt and messages.",
  });

const tokens = z.int().min(0).optional();

/** What was used, as far as the service says. */
const usageSchema = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  totalTokens: tokens,
});

export const chatOutput = z.object({
  text: z.string(),
  model: z.string().describe("The one that answered."),
  finishReason: z.string().describe("stop: it was done; length: it was cut off at the limit."),
  refused: z.boolean().describe("Whether the text is the model's refusal to answer."),
  usage: usageSchema,
});

const countSchema = z.int().min(0).nullish();

/** What `POST /chat/completions` answers, as far as it is needed. */
const completionSchema = z.object({
  model: z.string().nullish(),
  choices: z.tuple(
    [
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    ],
    z.unknown(),
  ),
  usage: z
    .object({
      prompt_tokens: countSchema,
      completion_tokens: countSchema,
      total_tokens: countSchema,
    })
    .nullish(),
});

export async function chat(args: z.infer<typeof chatInput>, context: HandlerContext<Settings>) {
  const { config, call } = context;
  const model = pickModel(args.model, config.defaultModel, "defaultModel");
  const answer = await withProgress(call, `Waiting for ${model}`, () =>
    ask(
      {
        path: "chat/completions",
        body: toBody(args, model, config),
        schema: completionSchema,
        maxBytes: MAX_BYTES,
      },
      context,
    ),
  );
  const [{ message, finish_reason: finishReason }] = answer.choices;
  const text = message.content || message.refusal;
  if (!text) throw noText(finishReason ?? "none", model);
  return {
    content: [
      { type: "text", text },
      ...(finishReason === "length"
        ? [{ type: "text", text: "(Cut off at the limit of tokens.)" }]
        : []),
    ],
    structuredContent: {
      text,
      model: answer.model ?? model,
      finishReason: finishReason ?? "stop",
      refused: !message.content,
      usage: {
        inputTokens: answer.usage?.prompt_tokens ?? undefined,
        outputTokens: answer.usage?.completion_tokens ?? undefined,
        totalTokens: answer.usage?.total_tokens ?? undefined,
      },
    },
  };
}

function toBody(
  { prompt, messages, system, temperature, maxTokens }: z.infer<typeof chatInput>,
  model: string,
  { tokenLimitField }: Settings,
) {
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      ...(messages ?? [{ role: "user", content: prompt }]),
    ],
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { [tokenLimitField]: maxTokens }),
  };
}

function noText(finishReason: string, model: string): ToolError {
  switch (finishReason) {
    case "length":
      return new ToolError(
        `${model} reached the limit of tokens before it wrote anything. Call again with a higher maxTokens, or without.`,
      );
    case "content_filter":
      return new ToolError("The service's content filter held the answer back.");
    default:
      return new ToolError(`${model} wrote nothing (finish reason: ${finishReason}).`);
  }
}
