/** An entity tag of a revision. */
export function toETag(rev: number): string {
  return `"${rev}"`;
}

/**
 * The revisions that a change may be made from, by the request's `If-Match`; `null` for any. Tags that are none of this
 * server's match nothing, and neither do weak ones (RFC 9110, 13.1.1).
 */
export function readIfMatch({ headers }: Pick<Request, "headers">): readonly number[] | null {
  const header = headers.get("if-match");
  if (header === null || header.trim() === "*") return null;
  return header.split(",").flatMap((tag) => {
    const found = /^\s*"(\d{1,15})"\s*$/.exec(tag);
    return found === null ? [] : [Number(found[1])];
  });
}
