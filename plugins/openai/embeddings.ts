import { ToolError, z, type HandlerContext } from "mcp-plugin-server/plugin";
import { ask } from "./ask.ts";
import { pickModel } from "./models.ts";
import { modelSchema, type Settings } from "./settings.ts";

const MAX_INPUTS = 100;
/** As many as 100 texts have with the largest model of OpenAI's; more would not fit into one result. */
const MAX_NUMBERS = MAX_INPUTS * 3_072;
/** As many as single precision holds, and half of what the service writes. */
const DIGITS = 7;
const MAX_BYTES = 16 * 1024 * 1024;

export const embeddingsInput = z.strictObject({
  inputs: z
    .array(z.string().min(1).max(100_000))
    .min(1)
    .max(MAX_INPUTS)
    .describe("The texts, at most 100."),
  model: modelSchema.optional().describe("Left out: what this server is set to."),
  dimensions: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe("How many numbers an embedding has, for models that can shorten them."),
});

const vectorSchema = z.array(z.number());
const tokens = z.int().min(0).optional();

export const embeddingsOutput = z.object({
  model: z.string(),
  dimensions: z.int(),
  embeddings: z.array(vectorSchema).describe("In the order of the inputs."),
  usage: z.object({ inputTokens: tokens, totalTokens: tokens }),
});

const countSchema = z.int().min(0).nullish();

/** What `POST /embeddings` answers, as far as it is needed. */
const answerSchema = z.object({
  model: z.string().nullish(),
  data: z.array(z.object({ index: z.int(), embedding: vectorSchema.min(1) })),
  usage: z.object({ prompt_tokens: countSchema, total_tokens: countSchema }).nullish(),
});

export async function embed(
  { inputs, model: wanted, dimensions: shortened }: z.infer<typeof embeddingsInput>,
  context: HandlerContext<Settings>,
) {
  const { defaultEmbeddingModel } = context.config;
  const model = pickModel(wanted, defaultEmbeddingModel, "defaultEmbeddingModel");
  const answer = await ask(
    {
      path: "embeddings",
      body: {
        model,
        input: inputs,
        encoding_format: "float",
        ...(shortened !== undefined && { dimensions: shortened }),
      },
      schema: answerSchema.refine((it) => isWhole(it.data, inputs.length)),
      maxBytes: MAX_BYTES,
    },
    context,
  );
  const embeddings = answer.data
    .toSorted((a, b) => a.index - b.index)
    .map(({ embedding }) => embedding.map((it) => Number(it.toPrecision(DIGITS))));
  const dimensions = embeddings[0]!.length;
  if (dimensions * inputs.length > MAX_NUMBERS) {
    const most = Math.floor(MAX_NUMBERS / dimensions);
    throw new ToolError(
      `${inputs.length} embeddings of ${dimensions} numbers are more than one result holds. Send at most ${most} texts at once, or ask for fewer dimensions.`,
    );
  }
  const usedModel = answer.model ?? model;
  return {
    // The numbers are for programs, and would be twice in the result.
    content: [
      {
        type: "text",
        text: `${inputs.length} embeddings of ${dimensions} numbers, by ${usedModel}.`,
      },
    ],
    structuredContent: {
      model: usedModel,
      dimensions,
      embeddings,
      usage: {
        inputTokens: answer.usage?.prompt_tokens ?? undefined,
        totalTokens: answer.usage?.total_tokens ?? undefined,
      },
    },
  };
}

/** One embedding for each text, all of the same length. */
function isWhole(
  data: readonly { readonly index: number; readonly embedding: readonly number[] }[],
  count: number,
): boolean {
  const indices = new Set(data.map(({ index }) => index));
  const lengths = new Set(data.map(({ embedding }) => embedding.length));
  return (
    data.length === count &&
    indices.size === count &&
    data.every(({ index }) => index >= 0 && index < count) &&
    lengths.size === 1
  );
}
