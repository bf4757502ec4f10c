import { ToolError, z, type HandlerContext } from "mcp-plugin-server/plugin";
import { ask } from "./ask.ts";
import type { Settings } from "./settings.ts";

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_LISTED = 500;

export const modelsInput = z.strictObject({
  filter: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe("A part of the names, such as gpt or embedding, in any case."),
});

export const modelsOutput = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      ownedBy: z.string().optional(),
      created: z.string().optional().describe("A date, such as 2026-01-31."),
    }),
  ),
  total: z.int().describe("How many match; at most 500 are listed."),
});

/** What `GET /models` answers, as far as it is needed. */
const answerSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1).max(300),
      owned_by: z.string().max(300).nullish().catch(null),
      // Beyond the year 9999 it would be no date that anybody can read.
      created: z.number().positive().max(253_402_300_799).nullish().catch(null),
    }),
  ),
});

export async function listModels(
  { filter = "" }: z.infer<typeof modelsInput>,
  context: HandlerContext<Settings>,
) {
  const { data } = await ask(
    { path: "models", schema: answerSchema, maxBytes: MAX_BYTES },
    context,
  );
  const matches = data
    .filter(({ id }) => id.toLowerCase().includes(filter.toLowerCase()))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const models = matches.slice(0, MAX_LISTED).map(({ id, owned_by: ownedBy, created }) => ({
    id,
    ...(ownedBy && { ownedBy }),
    ...(created && { created: new Date(created * 1_000).toISOString().slice(0, 10) }),
  }));
  return {
    content: [{ type: "text", text: models.map(({ id }) => id).join("\n") || "No model matches." }],
    structuredContent: { models, total: matches.length },
  };
}

/** @throws ToolError when neither the call nor the settings name one */
export function pickModel(
  wanted: string | undefined,
  preset: string | undefined,
  setting: string,
): string {
  const model = wanted ?? preset;
  if (model !== undefined) return model;
  throw new ToolError(
    `Name a model; the tool "models" lists them. The setting ${setting} gives one to calls that name none.`,
  );
}
