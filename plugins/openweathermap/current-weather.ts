import { readConditions, readWind, type Wind } from "./conditions.ts";
import { toLocalTime, toOffset } from "./local-time.ts";
import {
  readNumber,
  readOffset,
  readOptionalNumber,
  readOptionalText,
  readSeconds,
} from "./read-answer.ts";
import { round, UNIT_SYMBOLS, type Units } from "./units.ts";

export interface CurrentWeather {
  readonly time: string;
  readonly utcOffset: string;
  readonly conditions: string;
  readonly temperature: number;
  readonly feelsLike: number;
  readonly wind: Wind;
  readonly humidityPercent: number;
  readonly cloudCoverPercent?: number | undefined;
  readonly pressureHpa: number;
  readonly visibilityMetres?: number | undefined;
  readonly rainLastHourMm: number;
  readonly snowLastHourMm: number;
  readonly sunrise?: string | undefined;
  readonly sunset?: string | undefined;
}

/** The weather, and what the service calls the place; at sea it has no name for it. */
export interface CurrentAnswer {
  readonly name: string | undefined;
  readonly country: string | undefined;
  readonly weather: CurrentWeather;
}

/** Reads an answer of `data/2.5/weather`. @throws UnexpectedAnswer */
export function parseCurrentWeather(answer: unknown): CurrentAnswer {
  const offset = readOffset(answer, "timezone");
  // Where the sun does not rise or set that day, the service says 0 or nothing.
  const sunAt = (path: string) =>
    readOptionalNumber(answer, path) ? toLocalTime(readSeconds(answer, path), offset) : undefined;
  return {
    name: readOptionalText(answer, "name"),
    country: readOptionalText(answer, "sys.country"),
    weather: {
      time: toLocalTime(readSeconds(answer, "dt"), offset),
      utcOffset: toOffset(offset),
      conditions: readConditions(answer),
      temperature: round(readNumber(answer, "main.temp")),
      feelsLike: round(readNumber(answer, "main.feels_like")),
      wind: readWind(answer),
      humidityPercent: readNumber(answer, "main.humidity"),
      cloudCoverPercent: readOptionalNumber(answer, "clouds.all"),
      pressureHpa: readNumber(answer, "main.pressure"),
      visibilityMetres: readOptionalNumber(answer, "visibility"),
      rainLastHourMm: readOptionalNumber(answer, "rain.1h") ?? 0,
      snowLastHourMm: readOptionalNumber(answer, "snow.1h") ?? 0,
      sunrise: sunAt("sys.sunrise"),
      sunset: sunAt("sys.sunset"),
    },
  };
}

/** For people, and for clients that show no structured content. */
export function writeCurrentWeather(where: string, weather: CurrentWeather, units: Units): string {
  const { temperature: degree, windSpeed } = UNIT_SYMBOLS[units];
  const { temperature, feelsLike, wind, rainLastHourMm: rain, snowLastHourMm: snow } = weather;
  return [
    `${where}, ${weather.time.slice(0, 16).replace("T", " ")} (UTC${weather.utcOffset}):`,
    `${weather.conditions}, ${temperature} ${degree}, feels like ${feelsLike} ${degree}.`,
    `Wind ${wind.speed} ${windSpeed}${wind.from === undefined ? "" : ` from ${wind.from}`}, humidity ${weather.humidityPercent} %.`,
    ...(rain > 0 ? [`Rain in the last hour: ${rain} mm.`] : []),
    ...(snow > 0 ? [`Snow in the last hour: ${snow} mm.`] : []),
  ].join(" ");
}
