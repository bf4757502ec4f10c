import { mimeTypeOf, type FileType } from "./file-types.ts";

/** What a search asks for; all of it must be so. */
export interface Wanted {
  readonly text?: string | undefined;
  readonly name?: string | undefined;
  readonly type?: FileType | undefined;
  /** The folder's id, or `root`. */
  readonly folder?: string | undefined;
  readonly owner?: string | undefined;
  /** A date, which begins in UTC, or a date-time with its offset. */
  readonly modifiedAfter?: string | undefined;
  readonly modifiedBefore?: string | undefined;
  /** In Drive's own language. */
  readonly query?: string | undefined;
  readonly includeTrashed: boolean;
}

/** The `q` of `files.list`. What is in the trash is left out, unless somebody asks for it. */
export function toQuery(wanted: Wanted): string {
  const { text, name, type, folder, owner, modifiedAfter, modifiedBefore, query } = wanted;
  const terms = [
    query !== undefined && `(${query})`,
    text !== undefined && `fullText contains ${quote(text)}`,
    name !== undefined && `name contains ${quote(name)}`,
    type !== undefined && typeTerm(mimeTypeOf(type)),
    folder !== undefined && `${quote(folder)} in parents`,
    owner !== undefined && `${quote(owner)} in owners`,
    modifiedAfter !== undefined && `modifiedTime > ${quote(toMoment(modifiedAfter))}`,
    modifiedBefore !== undefined && `modifiedTime < ${quote(toMoment(modifiedBefore))}`,
    !wanted.includeTrashed && !speaksOf(query ?? "", "trashed") && "trashed = false",
  ];
  return terms.filter((term) => term !== false).join(" and ");
}

/** The text as a value that ends where the text does, whatever is in it. */
function quote(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ");
  return `'${line.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function typeTerm(mimeType: string): string {
  return `mimeType ${mimeType.endsWith("/") ? "contains" : "="} ${quote(mimeType)}`;
}

function toMoment(text: string): string {
  return new Date(text).toISOString();
}

/** Whether a query of one's own names this term, outside of its values. */
export function speaksOf(query: string, term: "trashed" | "fullText"): boolean {
  const words = query.replaceAll(/'(?:\\.|[^'\\])*'/gs, "").match(/\w+/g) ?? [];
  return words.some((word) => word.toLowerCase() === term.toLowerCase());
}
