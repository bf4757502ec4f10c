import type { z } from "mcp-plugin-server/plugin";
import type { Token } from "./auth.ts";
import { toJson, type ServiceAnswer } from "./request.ts";
import { UnexpectedAnswer } from "./unexpected-answer.ts";

/**
 * Takes what is needed out of an answer in JSON; what it has besides may be anything.
 *
 * @throws UnexpectedAnswer
 */
export function jsonOf<T>(schema: z.ZodType<T>): (answer: ServiceAnswer, token: Token) => T {
  return (answer, token) => {
    const body = toJson(answer, token);
    if (body === undefined) throw new UnexpectedAnswer("not JSON");
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new UnexpectedAnswer(`${path === "" ? "the answer" : path} is not as documented`);
  };
}
