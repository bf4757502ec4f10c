import { STEP_HOURS, type DatedStep } from "./forecast.ts";
import { toWeekday } from "./local-time.ts";
import { round, UNIT_SYMBOLS, type Units } from "./units.ts";

/** More words than these are no summary. */
const MAX_CONDITIONS = 3;

/** One day where the place is. */
export interface ForecastDay {
  readonly date: string;
  readonly weekday: string;
  /** Less than 24 for the day that has begun and for the last one. */
  readonly hoursCovered: number;
  /** The most frequent ones, such as `overcast clouds, light rain`. */
  readonly conditions: string;
  readonly temperatureMin: number;
  readonly temperatureMax: number;
  /** The highest of any three hours. */
  readonly precipitationChancePercent: number;
  readonly rainMm: number;
  readonly snowMm: number;
  readonly windSpeedMax: number;
}

/** The days of the steps, in their order. */
export function toDays(steps: readonly DatedStep[]): ForecastDay[] {
  const dates = [...new Set(steps.map(({ date }) => date))];
  return dates.map((date) =>
    toDay(
      date,
      steps.filter((it) => it.date === date),
    ),
  );
}

/** For people, and for clients that show no structured content. */
export function writeForecastDay(day: ForecastDay, units: Units): string {
  const { temperature: degree, windSpeed } = UNIT_SYMBOLS[units];
  return [
    `${day.weekday} ${day.date}${day.hoursCovered < 24 ? ` (${day.hoursCovered} hours)` : ""}: ${day.conditions}`,
    `${day.temperatureMin} to ${day.temperatureMax} ${degree}`,
    ...(day.rainMm > 0 ? [`rain ${day.rainMm} mm`] : []),
    ...(day.snowMm > 0 ? [`snow ${day.snowMm} mm`] : []),
    `chance of precipitation ${day.precipitationChancePercent} %`,
    `wind up to ${day.windSpeedMax} ${windSpeed}`,
  ].join(", ");
}

function toDay(date: string, ofDay: readonly DatedStep[]): ForecastDay {
  const steps = ofDay.map(({ step }) => step);
  return {
    date,
    weekday: toWeekday(date),
    hoursCovered: steps.length * STEP_HOURS,
    conditions: mostFrequent(steps.map(({ conditions }) => conditions)).join(", "),
    temperatureMin: Math.min(...ofDay.map(({ temperatureMin }) => temperatureMin)),
    temperatureMax: Math.max(...ofDay.map(({ temperatureMax }) => temperatureMax)),
    precipitationChancePercent: Math.max(
      ...steps.map(({ precipitationChancePercent }) => precipitationChancePercent),
    ),
    rainMm: round(steps.reduce((sum, { rainMm }) => sum + rainMm, 0)),
    snowMm: round(steps.reduce((sum, { snowMm }) => sum + snowMm, 0)),
    windSpeedMax: Math.max(...steps.map(({ wind }) => wind.speed)),
  };
}

function mostFrequent(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_CONDITIONS)
    .map(([text]) => text);
}
