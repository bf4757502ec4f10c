import { cut } from "./bounded-text.ts";

const MAX_CHARS = 200_000;

export interface TextPart {
  readonly text: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly totalLines: number;
  readonly nextLine?: number;
  readonly isCut: boolean;
}

/** `null` for what is no text in UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Lines of a text, as many whole ones as there is room for; of a first one that is too long by itself, the beginning.
 * `null` when the text has fewer.
 */
export function cutLines(
  text: string,
  startLine: number,
  endLine = Number.MAX_SAFE_INTEGER,
): TextPart | null {
  const lines = text.split("\n");
  // What follows the last line's end is no line.
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  if (startLine > lines.length) return null;
  const wanted = lines.slice(startLine - 1, endLine);
  let chars = 0;
  const fitting = wanted.findIndex((line) => (chars += line.length + 1) > MAX_CHARS + 1);
  const kept = wanted.slice(0, fitting === -1 ? wanted.length : Math.max(1, fitting));
  const joined = kept.join("\n");
  const last = startLine + kept.length - 1;
  return {
    text: cut(joined, MAX_CHARS),
    startLine,
    endLine: last,
    totalLines: lines.length,
    ...(kept.length < wanted.length && { nextLine: last + 1 }),
    isCut: joined.length > MAX_CHARS,
  };
}
