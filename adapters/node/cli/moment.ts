import { InvalidArgumentError } from "commander";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a moment as people write it: a date or a time of ISO 8601, in the zone of this machine where it names none, or how
 * long ago (`90s`, `30m`, `12h`, `7d`). Answers epoch milliseconds.
 */
export function parseMoment(text: string, now: number): number {
  const ago = toMilliseconds(text);
  return ago === null ? parseTime(text, "how long ago: 30m, 12h, 7d") : now - ago;
}

/** The same of what is to come: `7d` is in a week. */
export function parseFuture(text: string, now: number): number {
  const ahead = toMilliseconds(text);
  return ahead === null ? parseTime(text, "how far ahead: 12h, 90d") : now + ahead;
}

function toMilliseconds(text: string): number | null {
  const span = /^(\d{1,9})([smhd])$/.exec(text);
  return span === null ? null : Number(span[1]) * UNITS[span[2] as keyof typeof UNITS];
}

function parseTime(text: string, otherwise: string): number {
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  // A date alone would be midnight in Greenwich.
  const time = iso ? Date.parse(text.includes("T") ? text : `${text}T00:00`) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new InvalidArgumentError(
    `It must be a date or time such as 2026-11-22 or 2026-11-22T09:30:00Z, or ${otherwise}.`,
  );
}
