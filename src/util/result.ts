/** The outcome of a check that is expected to refuse now and then. Refusals are values, faults are exceptions. */
export type Result<T, R> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: R };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function refuse<R>(reason: R): { ok: false; reason: R } {
  return { ok: false, reason };
}
