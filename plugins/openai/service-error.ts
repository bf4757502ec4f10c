import { z } from "mcp-plugin-server/plugin";
import type { ServiceAnswer } from "./request.ts";

const MAX_CHARS = 300;

const text = z.string().nullish().catch(null);
const errorSchema = z.object({
  error: z.object({ message: text, type: text, code: text }),
});

/** What a refusal says of itself, as far as it does. */
export interface ServiceError {
  /** One line of bearable length, without a full stop at its end. */
  readonly message: string | null;
  readonly type: string | null;
  readonly code: string | null;
}

export function readError({ body }: Pick<ServiceAnswer, "body">): ServiceError {
  const parsed = errorSchema.safeParse(body);
  const { message, type, code } = parsed.data?.error ?? {};
  return { message: message ? shorten(message) : null, type: type ?? null, code: code ?? null };
}

/** There is nothing to wait for: somebody has to pay first. */
export function isQuotaUsedUp(answer: Pick<ServiceAnswer, "status" | "body">): boolean {
  const { type, code } = readError(answer);
  return answer.status === 429 && [type, code].includes("insufficient_quota");
}

function shorten(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  if (line.length > MAX_CHARS) return `${line.slice(0, MAX_CHARS)}…`;
  return line.replace(/\.$/, "");
}
