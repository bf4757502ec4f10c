/** How busy the process is. */
export interface LoadMeter {
  /** How long, in milliseconds, what is due has to wait for its turn: of late, at the most that is usual. */
  delayMs(): number;
}

/** Where answers become so late that some had better be refused. */
const TOO_LATE_MS = 250;
/** Where it is over again. */
const WELL_MS = 100;
/** Of a thousand requests, as many as are refused at the most: as many as the delay has milliseconds. */
const MOST = 900;

/**
 * Refuses a part of the requests while the process cannot keep up, the more the later it is, so that those it takes are
 * answered in time.
 */
export class LoadShedder {
  readonly #meter: LoadMeter;
  #isShedding = false;
  /** Of the next request, the thousandths that are refused. */
  #debt = 0;

  constructor(meter: LoadMeter) {
    this.#meter = meter;
  }

  /** Whether to refuse this request, and after how many seconds to try again; `null` to take it. */
  refuse(): number | null {
    const delayMs = this.#meter.delayMs();
    this.#isShedding = delayMs > (this.#isShedding ? WELL_MS : TOO_LATE_MS);
    if (!this.#isShedding) return null;
    this.#debt += Math.min(MOST, Math.round(delayMs));
    if (this.#debt < 1_000) return null;
    this.#debt -= 1_000;
    return Math.min(5, 1 + Math.floor(delayMs / 1_000));
  }
}
