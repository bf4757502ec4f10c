import type { ForecastArguments, WeatherArguments } from "./argument-schemas.ts";
import type { Client } from "./client.ts";
import { parseCurrentWeather, writeCurrentWeather } from "./current-weather.ts";
import { toDays, writeForecastDay } from "./forecast-days.ts";
import { parseForecast, STEP_HOURS, writeForecastStep } from "./forecast.ts";
import { describe, findPlace, findPlaces, type Location } from "./places.ts";
import type { Settings } from "./settings.ts";
import { toServiceLanguage, UNIT_NAMES } from "./units.ts";
import type { PlaceArguments } from "./wanted-place.ts";

const DEFAULT_DAYS = 5;

/** What every tool has to work with. */
export interface Teller {
  readonly client: Client;
  readonly settings: Settings;
  readonly signal: AbortSignal;
}

/** Content for every client, and the same in structure. */
interface ToolAnswer {
  readonly content: readonly [{ readonly type: "text"; readonly text: string }];
  readonly structuredContent: object;
}

export async function tellCurrentWeather(
  args: WeatherArguments,
  teller: Teller,
): Promise<ToolAnswer> {
  const { location, units, answer } = await askAt(
    "data/2.5/weather",
    parseCurrentWeather,
    args,
    teller,
  );
  const { weather } = answer;
  return toAnswer(writeCurrentWeather(describe(location), weather, units), {
    location,
    units: UNIT_NAMES[units],
    ...weather,
  });
}

export async function tellForecast(args: ForecastArguments, teller: Teller): Promise<ToolAnswer> {
  const { location, units, answer } = await askAt("data/2.5/forecast", parseForecast, args, teller);
  const { utcOffset } = answer;
  const days = toDays(answer.steps).slice(0, args.days ?? DEFAULT_DAYS);
  const steps = answer.steps
    .slice(0, Math.ceil((args.hours ?? 0) / STEP_HOURS))
    .map(({ step }) => step);
  const lines = [
    `${describe(location)}, local days (UTC${utcOffset}):`,
    ...days.map((day) => writeForecastDay(day, units)),
    ...steps.map((step) => writeForecastStep(step, units)),
  ];
  return toAnswer(lines.join("\n"), {
    location,
    units: UNIT_NAMES[units],
    utcOffset,
    days,
    ...(args.hours !== undefined && { steps }),
  });
}

export async function tellPlaces(
  args: PlaceArguments,
  { client, signal }: Teller,
): Promise<ToolAnswer> {
  const places = await findPlaces(args, client, signal);
  const lines = places.map(
    (it) => `${describe(it)}: latitude ${it.latitude}, longitude ${it.longitude}`,
  );
  return toAnswer(lines.join("\n"), { places });
}

/** Asks about the place that is meant, which gets the service's name for it if it has none yet. */
async function askAt<T extends Pick<Location, "name" | "country">>(
  path: string,
  parse: (answer: unknown) => T,
  args: WeatherArguments,
  { client, settings, signal }: Teller,
) {
  const found = await findPlace(args, client, signal);
  const units = args.units ?? settings.units;
  const query = {
    lat: String(found.latitude),
    lon: String(found.longitude),
    units,
    lang: toServiceLanguage(args.language ?? settings.language),
  };
  const notFound = `OpenWeatherMap knows no weather for ${describe(found)}.`;
  const answer = await client.ask({ path, query, parse, notFound }, signal);
  const { name, country } = answer;
  const location = found.name === undefined ? { ...found, name, country } : found;
  return { location, units, answer };
}

function toAnswer(text: string, structuredContent: object): ToolAnswer {
  return { content: [{ type: "text", text }], structuredContent };
}
