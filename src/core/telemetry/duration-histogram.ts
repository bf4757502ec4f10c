/**
 * Upper bounds in seconds. Those of OpenTelemetry's conventions, and finer ones below: a call of a plugin in this process
 * takes less than a millisecond.
 */
export const DURATION_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
];

/** Durations, counted by how long they were. */
export class DurationHistogram {
  /** By bound, each without those of the bounds before it; the last is for what exceeds every bound. */
  readonly counts: number[] = Array<number>(DURATION_BOUNDS.length + 1).fill(0);
  sum = 0;
  count = 0;

  add(seconds: number): void {
    let at = 0;
    while (at < DURATION_BOUNDS.length && seconds > DURATION_BOUNDS[at]!) at++;
    this.counts[at]!++;
    this.sum += seconds;
    this.count++;
  }

  /** Takes over what another has counted. */
  merge(other: DurationHistogram): void {
    for (const [at, count] of other.counts.entries()) this.counts[at]! += count;
    this.sum += other.sum;
    this.count += other.count;
  }

  /**
   * The duration in seconds that this part of all did not exceed, as exactly as the bounds let one say; `null` before the
   * first. What exceeds every bound counts as the last of them.
   */
  quantile(part: number): number | null {
    if (this.count === 0) return null;
    const rank = part * this.count;
    let before = 0;
    for (const [at, count] of this.counts.entries()) {
      if (count > 0 && before + count >= rank) {
        const lower = DURATION_BOUNDS[at - 1] ?? 0;
        const upper = DURATION_BOUNDS[at] ?? lower;
        return lower + ((upper - lower) * (rank - before)) / count;
      }
      before += count;
    }
    return DURATION_BOUNDS.at(-1)!;
  }
}
