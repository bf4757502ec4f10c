import { readConditions, readWind, type Wind } from "./conditions.ts";
import { toLocalDate, toLocalTime, toOffset } from "./local-time.ts";
import {
  readList,
  readNumber,
  readOffset,
  readOptionalNumber,
  readOptionalText,
  readSeconds,
} from "./read-answer.ts";
import { round, UNIT_SYMBOLS, type Units } from "./units.ts";

/** Five days of eight steps. */
const MAX_STEPS = 40;
export const STEP_HOURS = 3;

/** The weather at one time, with what falls in the three hours before it. */
export interface ForecastStep {
  readonly time: string;
  readonly conditions: string;
  readonly temperature: number;
  readonly feelsLike: number;
  readonly wind: Wind;
  readonly humidityPercent: number;
  readonly precipitationChancePercent: number;
  readonly rainMm: number;
  readonly snowMm: number;
}

/** A step, and what the summary of its day needs besides. */
export interface DatedStep {
  readonly step: ForecastStep;
  readonly date: string;
  readonly temperatureMin: number;
  readonly temperatureMax: number;
}

export interface ForecastAnswer {
  readonly name: string | undefined;
  readonly country: string | undefined;
  readonly utcOffset: string;
  readonly steps: readonly DatedStep[];
}

/** Reads an answer of `data/2.5/forecast`. @throws UnexpectedAnswer */
export function parseForecast(answer: unknown): ForecastAnswer {
  const offset = readOffset(answer, "city.timezone");
  return {
    name: readOptionalText(answer, "city.name"),
    country: readOptionalText(answer, "city.country"),
    utcOffset: toOffset(offset),
    steps: readList(answer, "list", MAX_STEPS).map((entry) => readStep(entry, offset)),
  };
}

function readStep(entry: unknown, offset: number): DatedStep {
  const seconds = readSeconds(entry, "dt");
  return {
    // What ends at midnight is of the day before.
    date: toLocalDate(seconds - 1, offset),
    temperatureMin: round(readNumber(entry, "main.temp_min")),
    temperatureMax: round(readNumber(entry, "main.temp_max")),
    step: {
      time: toLocalTime(seconds, offset),
      conditions: readConditions(entry),
      temperature: round(readNumber(entry, "main.temp")),
      feelsLike: round(readNumber(entry, "main.feels_like")),
      wind: readWind(entry),
      humidityPercent: readNumber(entry, "main.humidity"),
      precipitationChancePercent: Math.round((readOptionalNumber(entry, "pop") ?? 0) * 100),
      rainMm: readOptionalNumber(entry, "rain.3h") ?? 0,
      snowMm: readOptionalNumber(entry, "snow.3h") ?? 0,
    },
  };
}

/** For people, and for clients that show no structured content. */
export function writeForecastStep(step: ForecastStep, units: Units): string {
  return [
    `${step.time.slice(0, 16).replace("T", " ")}: ${step.conditions}`,
    `${step.temperature} ${UNIT_SYMBOLS[units].temperature}`,
    ...(step.rainMm > 0 ? [`rain ${step.rainMm} mm`] : []),
    ...(step.snowMm > 0 ? [`snow ${step.snowMm} mm`] : []),
  ].join(", ");
}
