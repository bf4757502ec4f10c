import type { Client, Context, Question } from "./client.ts";

/** Asks GitHub on behalf of one call. */
export type Ask = <T>(question: Question<T>) => Promise<T>;

export function askFor(client: Client, context: Context): Ask {
  return (question) => client.ask(question, context);
}
