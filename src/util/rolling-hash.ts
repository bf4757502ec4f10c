/** Units that a rolling hash looks at, at a time. */
export const WINDOW = 8;

/**
 * Polynomial hashes modulo 2^32, by a multiplier that is drawn for each instance, so that nobody outside can choose texts
 * that collide by chance. They say where to look closer, and prove nothing.
 */
export class RollingHash {
  /** What `part` needs for a window. */
  readonly windowFactor: number;
  readonly #multiplier: number;

  constructor() {
    // Odd, and no power of it comes back to 1 soon.
    this.#multiplier = (crypto.getRandomValues(new Uint32Array(1))[0]! & ~7) | 5;
    this.windowFactor = this.factor(WINDOW);
  }

  /** Writes the hash of every beginning of `units`, from the empty one on. `into` has room for one more than `units`. */
  hashBeginnings(into: Int32Array, units: Uint16Array): void {
    const multiplier = this.#multiplier;
    let hash = 0;
    into[0] = 0;
    for (let at = 0; at < units.length; at++) {
      hash = (Math.imul(hash, multiplier) + units[at]!) | 0;
      into[at + 1] = hash;
    }
  }

  /** The hash of the units from `start` to `end`. `factor` is that of their number. */
  part(beginnings: Int32Array, start: number, end: number, factor: number): number {
    return (beginnings[end]! - Math.imul(beginnings[start]!, factor)) | 0;
  }

  /** What `part` needs for so many units. */
  factor(length: number): number {
    let factor = 1;
    let power = this.#multiplier;
    for (let rest = length; rest > 0; rest >>>= 1) {
      if ((rest & 1) === 1) factor = Math.imul(factor, power);
      power = Math.imul(power, power);
    }
    return factor;
  }
}
