import { AppError } from "../errors.ts";
import { fromBase64Url, toBase64Url, utf8 } from "../util/bytes.ts";
import { parseJson } from "../util/parse-json.ts";

/** A page that a client asks for. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Cuts a list into pages by a key that orders it and is each item's own. A cursor names the last item before its page, so it
 * stays good when items come and go between two requests.
 *
 * @throws AppError `QUERY_INVALID` for a cursor that is none
 */
export function paginate<T>(
  items: readonly T[],
  keyOf: (item: T) => readonly string[],
  { limit, cursor }: PageRequest,
): Page<T> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const sorted = items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((a, b) => compareKeys(a.key, b.key));
  const rest = after === null ? sorted : sorted.filter(({ key }) => compareKeys(key, after) > 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rest.length > page.length && last !== undefined;
  return {
    data: page.map(({ item }) => item),
    nextCursor: hasMore ? writeCursor(last.key) : null,
  };
}

export function writeCursor(key: readonly (string | number)[]): string {
  return toBase64Url(utf8(JSON.stringify(key)));
}

/** @throws AppError `QUERY_INVALID` */
export function readCursor(cursor: string): string[] {
  const bytes = fromBase64Url(cursor);
  const key = bytes && parseJson(new TextDecoder().decode(bytes));
  if (Array.isArray(key) && key.every((part) => typeof part === "string")) return key;
  throw foreignCursor();
}

export function foreignCursor(): AppError {
  return new AppError("QUERY_INVALID", "The query is not valid: cursor is none of this server's.");
}

/** By code unit: the same order on every machine, whatever its locale. */
function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left = "", right = ""] = [a[at], b[at]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
