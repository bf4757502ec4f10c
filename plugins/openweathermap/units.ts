export const UNITS = ["metric", "imperial", "standard"] as const;

export type Units = (typeof UNITS)[number];

/** What the numbers mean that depend on the units. Everything else has its unit in its name. */
export interface UnitNames {
  readonly temperature: string;
  readonly windSpeed: string;
}

export const UNIT_NAMES: Readonly<Record<Units, UnitNames>> = {
  metric: { temperature: "degrees Celsius", windSpeed: "metres per second" },
  imperial: { temperature: "degrees Fahrenheit", windSpeed: "miles per hour" },
  standard: { temperature: "kelvins", windSpeed: "metres per second" },
};

/** For texts. */
export const UNIT_SYMBOLS: Readonly<Record<Units, UnitNames>> = {
  metric: { temperature: "°C", windSpeed: "m/s" },
  imperial: { temperature: "°F", windSpeed: "mph" },
  standard: { temperature: "K", windSpeed: "m/s" },
};

const DIRECTIONS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split(" ");

/** The point of the compass, such as `NNE`, for 0 to 360 degrees from north. */
export function toDirection(degrees: number): string | undefined {
  return DIRECTIONS[Math.round(degrees / 22.5) % DIRECTIONS.length];
}

/** One digit after the point: the service computes with more, and nobody measures them. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Where the service's codes are not those of ISO 639-1. */
const OWN_CODES: Readonly<Record<string, string>> = { cs: "cz", ko: "kr", lv: "la", zh: "zh_cn" };
const WITH_REGION: ReadonlySet<string> = new Set(["pt_br", "zh_cn", "zh_tw"]);

/** The service's code of a language that is written as `de`, `de-AT` or `zh_TW`. */
export function toServiceLanguage(language: string): string {
  const code = language.toLowerCase().replace("-", "_");
  if (WITH_REGION.has(code)) return code;
  const base = code.slice(0, 2);
  return OWN_CODES[base] ?? base;
}
