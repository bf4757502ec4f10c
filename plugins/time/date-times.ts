import { ToolError } from "mcp-plugin-server/plugin";
import { Temporal } from "temporal-polyfill";
import { toText } from "./moment.ts";
import { readZone } from "./zones.ts";

/** Which moment a local time means that the clocks skip or show twice. */
export type Disambiguation = "reject" | "earlier" | "later";

const DATE_TIME =
  /^(?<local>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?)(?<offset>Z|[+-]\d\d(?::?\d\d)?)?(?:\[(?<zone>[^\]]+)\])?$/i;

export interface ReadOptions {
  /** The zone of a date-time without a zone of its own. */
  readonly timeZone: string;
  readonly disambiguation: Disambiguation;
  /** What "now" means. */
  readonly now: () => Temporal.Instant;
}

/**
 * Reads a date-time: local (`2026-07-01T09:30`), exact (with `Z`, an offset or a `[zone]`), a date alone (its first
 * moment on the clock, 00:00), or `now`.
 *
 * @throws ToolError for anything else, and for a local time that is no single moment, unless told which to take
 */
export function readDateTime(text: string, options: ReadOptions): Temporal.ZonedDateTime {
  const { timeZone, disambiguation, now } = options;
  if (text.trim().toLowerCase() === "now") return now().toZonedDateTimeISO(timeZone);
  const { local, offset, zone } = DATE_TIME.exec(text.trim())?.groups ?? {};
  const plain = attempt(
    () => Temporal.PlainDateTime.from(local ?? "", { overflow: "reject" }),
    `"${text}" is not a date-time. Write it as 2026-07-01T09:30, or with an offset as 2026-07-01T09:30+02:00 or 2026-07-01T07:30Z.`,
  );
  const ownZone = zone === undefined ? timeZone : readZone(zone);
  if (offset === undefined) return toMoment(plain, ownZone, disambiguation);
  const exact = attempt(
    () => Temporal.Instant.from(`${local!.length === 10 ? `${local}T00:00` : local}${offset}`),
    `"${text}" has an offset that no clock has.`,
  ).toZonedDateTimeISO(ownZone);
  if (zone !== undefined && !/^z$/i.test(offset) && !exact.toPlainDateTime().equals(plain)) {
    throw new ToolError(
      `"${text}" contradicts itself: at that moment ${ownZone} is at ${exact.offset}. Leave out the offset or the zone.`,
    );
  }
  return exact;
}

/**
 * The moment of a local time.
 *
 * @throws ToolError when there is none or there are two of them, and nobody said which to take
 */
export function toMoment(
  local: Temporal.PlainDateTime,
  timeZone: string,
  disambiguation: Disambiguation,
): Temporal.ZonedDateTime {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  const later = local.toZonedDateTime(timeZone, { disambiguation: "later" });
  if (earlier.equals(later)) return earlier;
  if (disambiguation === "earlier") return earlier;
  if (disambiguation === "later") return later;
  const choices = { earlier: toText(earlier), later: toText(later) };
  const isTwice = earlier.toPlainDateTime().equals(local);
  const what = isTwice
    ? `happens twice in ${timeZone}, because the clocks go back`
    : `does not exist in ${timeZone}, because the clocks skip it`;
  throw new ToolError(
    `${local.toString()} ${what}. Set disambiguation to "earlier" for ${choices.earlier} or to "later" for ${choices.later}.`,
    { data: choices },
  );
}

/** Temporal's errors differ from runtime to runtime, and none says what to do. */
export function attempt<T>(work: () => T, message: string): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(message, { cause: error });
  }
}
