import type { z } from "mcp-plugin-server/plugin";

/** The service answered what its documentation does not have. The message names the place and no value. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

/** Takes what is needed out of an answer; what it has besides may be anything. @throws UnexpectedAnswer */
export function readAnswer<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) throw new UnexpectedAnswer("not JSON");
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new UnexpectedAnswer(`${path === "" ? "the answer" : path} is not as documented`);
}
