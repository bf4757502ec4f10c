import type { JsonSchema } from "mcp-plugin-server/plugin";
import { LANGUAGE_PATTERN } from "./settings.ts";
import { UNITS, type Units } from "./units.ts";
import type { PlaceArguments } from "./wanted-place.ts";

export interface WeatherArguments extends PlaceArguments {
  readonly units?: Units;
  readonly language?: string;
}

export interface ForecastArguments extends WeatherArguments {
  readonly days?: number;
  readonly hours?: number;
}

/** `readPlace` says which of them go together: many clients take no schema that could say it. */
const PLACE: Readonly<Record<string, JsonSchema>> = {
  place: {
    type: "string",
    minLength: 1,
    maxLength: 100,
    description:
      "Name of a city, best with its country code, such as Paris,FR; in the United States with the state code, too: Portland,OR,US.",
  },
  latitude: {
    type: "number",
    minimum: -90,
    maximum: 90,
    description: "In place of a name, together with longitude.",
  },
  longitude: { type: "number", minimum: -180, maximum: 180 },
  postalCode: {
    type: "string",
    minLength: 1,
    maxLength: 20,
    description: "In place of a name, together with country.",
  },
  country: {
    type: "string",
    pattern: "^[A-Za-z]{2}$",
    description: "Country code, such as FR.",
  },
};

const WEATHER: Readonly<Record<string, JsonSchema>> = {
  ...PLACE,
  units: {
    enum: UNITS,
    description:
      "metric: °C and m/s; imperial: °F and mph; standard: K and m/s. Left out: what this server is set to.",
  },
  language: {
    type: "string",
    pattern: LANGUAGE_PATTERN,
    description: "Of the words for the weather, such as de or pt-BR.",
  },
};

export const PLACE_ARGUMENTS = strictObject(PLACE);

export const WEATHER_ARGUMENTS = strictObject(WEATHER);

export const FORECAST_ARGUMENTS = strictObject({
  ...WEATHER,
  days: {
    type: "integer",
    minimum: 1,
    maximum: 6,
    description:
      "How many days to sum up, the present one where the place is included; 5 when left out. Five times 24 hours can touch 6 days.",
  },
  hours: {
    type: "integer",
    minimum: 3,
    maximum: 120,
    description:
      "Also gives the weather every three hours, for this many hours from now. Left out: only days.",
  },
});

function strictObject(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", properties, additionalProperties: false };
}
