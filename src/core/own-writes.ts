/**
 * The credentials that a plugin object is storing right now. The vault says of a change what has changed and not who did it,
 * and tells it before the write ends; each write accounts for one change of its name.
 */
export class OwnWrites {
  readonly #underWay = new Map<symbol, string>();

  async run(name: string, write: () => Promise<void>): Promise<void> {
    const token = Symbol(name);
    this.#underWay.set(token, name);
    try {
      await write();
    } finally {
      this.#underWay.delete(token);
    }
  }

  /** Whether a change of that name is one of these. Answers so once for each. */
  take(name: string): boolean {
    for (const [token, written] of this.#underWay) {
      if (written === name) return this.#underWay.delete(token);
    }
    return false;
  }
}
