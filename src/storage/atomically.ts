/** A statement that answers rows: one that changes something says by `returning` what it changed. */
export interface Statement {
  readonly _: { readonly dialect: "sqlite"; readonly result: unknown };
  all(): unknown;
}

/**
 * Runs all statements or, when one fails, none, as if nothing else ran meanwhile. Answers the rows of each. No statement can depend
 * on the answer to another, for D1 has no transactions but these: each says in its own `where` when it applies.
 */
export type Atomically = (
  statements: readonly Statement[],
) => Promise<readonly (readonly unknown[])[]>;

/** For better-sqlite3, whose statements run at once. */
export function createTransactions(db: {
  transaction(
    run: () => readonly (readonly unknown[])[],
    config: { readonly behavior: "immediate" },
  ): readonly (readonly unknown[])[];
}): Atomically {
  // Immediate: a transaction that begins with a read is refused when it comes to write after another process did.
  return async (statements) =>
    db.transaction(() => statements.map((statement) => statement.all() as unknown[]), {
      behavior: "immediate",
    });
}

/** For libSQL and D1, where a group goes to the database as one request. */
export function createBatches(db: {
  batch(statements: readonly [Statement, ...Statement[]]): Promise<unknown>;
}): Atomically {
  return async ([first, ...others]) =>
    first === undefined ? [] : ((await db.batch([first, ...others])) as unknown[][]);
}
