import { refuse, type Result } from "../../util/result.ts";

/** Questions that tokens cause which nobody has seen good: some more are kept for those that were. */
const MAX_UNKNOWN = 48;
/** Of these from one address. */
const MAX_PER_ADDRESS = 8;

/** Who shows a token. */
export interface Asker {
  /** By what their guesses are counted; `null` where nobody knows it. */
  readonly address: string | null;
  /** Whether a guess from there is still allowed. */
  readonly mayGuess: () => boolean;
}

/** Of a runtime that does not say where requests come from. */
export const UNKNOWN_ASKER: Asker = { address: null, mayGuess: () => true };

/**
 * Keeps strangers from having an issuer asked about whatever they make up, for as long as that takes, so that it is not asked
 * about the tokens of others.
 */
export class QuestionSlots {
  #underWay = 0;
  readonly #byAddress = new Map<string, number>();

  /** Asks, if it is this address's turn: `guessed` when it has been wrong too often, `unavailable` when it asks too much at once. */
  async run<T, Fault>(
    { address, mayGuess }: Asker,
    ask: () => Promise<Result<T, Fault>>,
  ): Promise<Result<T, Fault | "guessed" | "unavailable">> {
    if (!mayGuess()) return refuse("guessed");
    const own = address === null ? 0 : (this.#byAddress.get(address) ?? 0);
    if (this.#underWay >= MAX_UNKNOWN || own >= MAX_PER_ADDRESS) return refuse("unavailable");
    this.#count(address, 1);
    try {
      return await ask();
    } finally {
      this.#count(address, -1);
    }
  }

  #count(address: string | null, change: 1 | -1): void {
    this.#underWay += change;
    if (address === null) return;
    const own = (this.#byAddress.get(address) ?? 0) + change;
    if (own === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, own);
  }
}
