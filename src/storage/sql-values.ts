import { sql, type SQL } from "drizzle-orm";

/** A whole number in a list of selected values, of which a database cannot tell what column it is for. */
export function bigint(value: number): SQL {
  return sql`cast(${value} as bigint)`;
}

/** Stands where something was stored that is no text of ours. */
export const CHANGED = "changed in the database";

/**
 * What a column of whole numbers says. SQLite takes text and bytes there, too: what nobody of ours wrote is -1, so that
 * whoever checks the row finds it changed, and need not expect anything but numbers.
 */
export function toWhole(value: number): number {
  return Number.isSafeInteger(value) ? value : -1;
}

/** What a column of text says. SQLite takes bytes there, too. */
export function toText(value: string): string {
  return typeof value === "string" ? value : CHANGED;
}
