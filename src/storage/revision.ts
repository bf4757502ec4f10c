/**
 * What a row gets when it is written: one more than before, and a random number when it is new. A row that has been removed and
 * made again is so never taken for the one before.
 *
 * @param before `null` for a new row
 */
export function nextRevision(before: number | null): number {
  if (before !== null) return before + 1;
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  // 48 bits leave room to count, within what a number holds exactly.
  return (high! & 0xffff) * 2 ** 32 + low! + 1;
}
