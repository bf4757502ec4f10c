/**
 * How long a service asks to wait, in milliseconds: from `Retry-After`, as seconds or as a date. `null` when it does not
 * say, or nobody can read it.
 *
 * @param now milliseconds since 1970
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: Pick<Headers, "get">, now: number): number | null {
  const header = headers.get("retry-after");
  if (header === null) return null;
  // Some services send fractions, which the RFC does not have.
  if (/^\d{1,10}(?:\.\d+)?$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
