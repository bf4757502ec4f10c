import { ToolError } from "mcp-plugin-server/plugin";
import { Temporal } from "temporal-polyfill";
import { closestNames } from "./closest-names.ts";
import { CURRENT_NAMES } from "./zone-names.ts";

const EPOCH = Temporal.Instant.fromEpochMilliseconds(0);
const FORMER_NAMES = new Map(
  Object.entries(CURRENT_NAMES).map(([former, current]) => [current, former]),
);

let names: readonly string[] | null = null;

/** The IANA names that this runtime knows, under what they are called today, sorted. */
export function zoneNames(): readonly string[] {
  names ??= [
    ...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map((it) => CURRENT_NAMES[it] ?? it)]),
  ].toSorted();
  return names;
}

/** The zone's name in its usual spelling, or `null`. A fixed offset (`+05:30`, `UTC+5:30`) is a zone, too. */
export function findZone(text: string): string | null {
  const name = findOffset(text) ?? text;
  // Temporal would also take the zone out of a whole date-time.
  if (!/^(?:[A-Za-z][\w+/-]*|[+-]\d\d:\d\d)$/.test(name)) return null;
  try {
    return EPOCH.toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return null;
  }
}

/** @throws ToolError with the names that may have been meant */
export function readZone(text: string): string {
  const zone = findZone(text);
  if (zone !== null) return zone;
  const closest = closestNames(text, zoneNames());
  const hint = closest.length === 0 ? "" : ` Did you mean ${closest.join(", ")}?`;
  throw new ToolError(
    `"${text}" is not the name of an IANA time zone.${hint} The tool list_zones of this plugin searches all of them.`,
    { data: { closest } },
  );
}

export interface ZoneFilter {
  /** A part of the name, of today's or a former one. */
  readonly text?: string | undefined;
  /** What stands before the first slash. */
  readonly region?: string | undefined;
  /** `+05:30`, `UTC-3`, … at the moment `at`. */
  readonly offset?: string | undefined;
}

/** @throws ToolError for a region or an offset that cannot be */
export function searchZones(
  { text = "", region, offset }: ZoneFilter,
  at: Temporal.Instant,
): Temporal.ZonedDateTime[] {
  const part = text.trim().toLowerCase().replaceAll(" ", "_");
  const prefix = region === undefined ? "" : `${readRegion(region)}/`;
  const wantedOffset = offset === undefined ? null : readOffset(offset);
  return zoneNames()
    .filter((name) => name.startsWith(prefix))
    .filter((name) => `${name} ${FORMER_NAMES.get(name) ?? ""}`.toLowerCase().includes(part))
    .map((name) => at.toZonedDateTimeISO(name))
    .filter((local) => wantedOffset === null || local.offset === wantedOffset);
}

/** Names that begin like `text`, or whose city does. */
export function suggestZones(text: string): string[] {
  const start = text.trim().toLowerCase().replaceAll(" ", "_");
  return zoneNames().filter((name) =>
    `/${name.toLowerCase()}`.split("/").some((_, at, parts) => {
      return at > 0 && parts.slice(at).join("/").startsWith(start);
    }),
  );
}

function readRegion(text: string): string {
  const regions = [...new Set(zoneNames().map((name) => name.split("/")[0]!))].filter(
    (it) => it !== "UTC",
  );
  const wanted = text.trim().replace(/\/$/, "").toLowerCase();
  const region = regions.find((it) => it.toLowerCase() === wanted);
  if (region !== undefined) return region;
  throw new ToolError(`There is no region "${text}". The regions are ${regions.join(", ")}.`);
}

function readOffset(text: string): string {
  if (/^(?:UTC|GMT|Z)$/i.test(text.trim())) return "+00:00";
  const offset = findOffset(text);
  if (offset !== null) return offset === "-00:00" ? "+00:00" : offset;
  throw new ToolError(`"${text}" is not a UTC offset. Write it as +05:30, -3 or UTC+1.`);
}

/** What people write for `+05:30`: `+5:30`, `UTC+0530`, `GMT+5:30`, with a minus sign from a keyboard or a book. */
function findOffset(text: string): string | null {
  const [, sign, hours, minutes = "00"] =
    /^(?:UTC|GMT)?([+\u2212-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(text.trim()) ?? [];
  if (sign === undefined || hours === undefined) return null;
  return `${sign === "+" ? "+" : "-"}${hours.padStart(2, "0")}:${minutes}`;
}
