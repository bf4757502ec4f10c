import type { JsonSchema } from "mcp-plugin-server/plugin";

const TEXT = { type: "string" };
const NUMBER = { type: "number" };

const LOCATION = objectOf(
  {
    name: TEXT,
    state: TEXT,
    country: { ...TEXT, description: "Country code, such as FR." },
    latitude: NUMBER,
    longitude: NUMBER,
  },
  ["name", "state", "country"],
);

const UNITS = objectOf({ temperature: TEXT, windSpeed: TEXT });

const WIND = objectOf(
  {
    speed: NUMBER,
    gust: NUMBER,
    from: { ...TEXT, description: "Where it blows from, such as NNE." },
  },
  ["gust", "from"],
);

const LOCAL_TIME = { ...TEXT, description: "Local time of the place with its UTC offset." };
const UTC_OFFSET = { ...TEXT, description: "Of the place, such as +02:00." };

export const PLACES_RESULT = objectOf({ places: { type: "array", items: LOCATION } });

export const CURRENT_RESULT = objectOf(
  {
    location: LOCATION,
    units: UNITS,
    time: { ...LOCAL_TIME, description: "Of the measurement; local, with the UTC offset." },
    utcOffset: UTC_OFFSET,
    conditions: TEXT,
    temperature: NUMBER,
    feelsLike: NUMBER,
    wind: WIND,
    humidityPercent: NUMBER,
    cloudCoverPercent: NUMBER,
    pressureHpa: { ...NUMBER, description: "At sea level." },
    visibilityMetres: { ...NUMBER, description: "10000 means 10 km or more." },
    rainLastHourMm: NUMBER,
    snowLastHourMm: NUMBER,
    sunrise: LOCAL_TIME,
    sunset: LOCAL_TIME,
  },
  ["cloudCoverPercent", "visibilityMetres", "sunrise", "sunset"],
);

const DAY = objectOf({
  date: TEXT,
  weekday: TEXT,
  hoursCovered: {
    type: "integer",
    description: "How much of the day the forecast covers: less than 24 at its begin and end.",
  },
  conditions: { ...TEXT, description: "The most frequent ones." },
  temperatureMin: NUMBER,
  temperatureMax: NUMBER,
  precipitationChancePercent: { ...NUMBER, description: "The highest of any three hours." },
  rainMm: NUMBER,
  snowMm: NUMBER,
  windSpeedMax: NUMBER,
});

const STEP = objectOf({
  time: LOCAL_TIME,
  conditions: TEXT,
  temperature: NUMBER,
  feelsLike: NUMBER,
  wind: WIND,
  humidityPercent: NUMBER,
  precipitationChancePercent: NUMBER,
  rainMm: { ...NUMBER, description: "In the three hours before." },
  snowMm: { ...NUMBER, description: "In the three hours before." },
});

export const FORECAST_RESULT = objectOf(
  {
    location: LOCATION,
    units: UNITS,
    utcOffset: UTC_OFFSET,
    days: { type: "array", items: DAY },
    steps: { type: "array", items: STEP, description: "Every three hours, when hours were given." },
  },
  ["steps"],
);

/** Every member is there but those that are named optional. */
function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}
