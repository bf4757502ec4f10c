/** What a text column holds as JSON; `undefined` when it is none. */
export function parseColumn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
