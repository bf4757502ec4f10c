/** The service's answers in the shapes of its documentation, with figures of our own. */

/** Wednesday, 2026-07-01, 12:00 UTC. */
export const NOON = Date.UTC(2026, 6, 1, 12) / 1_000;
const STEP_SECONDS = 3 * 3_600;

/** `data/2.5/weather` for Lisbon, an hour ahead of UTC. */
export function currentAnswer(changes: Record<string, unknown> = {}) {
  return {
    coord: { lon: -9.1365, lat: 38.7077 },
    weather: [{ id: 501, main: "Rain", description: "moderate rain", icon: "10d" }],
    base: "stations",
    main: {
      temp: 21.46,
      feels_like: 21.04,
      temp_min: 19.8,
      temp_max: 22.9,
      pressure: 1014,
      humidity: 73,
      sea_level: 1014,
      grnd_level: 1003,
    },
    visibility: 10_000,
    wind: { speed: 4.63, deg: 310, gust: 8.25 },
    rain: { "1h": 1.7 },
    clouds: { all: 90 },
    dt: NOON - 90,
    sys: { type: 2, id: 20_123, country: "PT", sunrise: NOON - 24_120, sunset: NOON + 29_100 },
    timezone: 3_600,
    id: 2_267_057,
    name: "Lisbon",
    cod: 200,
    ...changes,
  };
}

export function forecastEntry(dt: number, changes: Record<string, unknown> = {}) {
  return {
    dt,
    main: {
      temp: 20,
      feels_like: 19.5,
      temp_min: 20,
      temp_max: 20,
      pressure: 1015,
      sea_level: 1015,
      grnd_level: 1003,
      humidity: 60,
      temp_kf: 0,
    },
    weather: [{ id: 804, main: "Clouds", description: "overcast clouds", icon: "04d" }],
    clouds: { all: 100 },
    wind: { speed: 3, deg: 0, gust: 5 },
    visibility: 10_000,
    pop: 0,
    sys: { pod: "d" },
    dt_txt: new Date(dt * 1_000).toISOString().slice(0, 19).replace("T", " "),
    ...changes,
  };
}

/** `data/2.5/forecast`: 40 steps of three hours from 15:00 UTC, a place at `timezone` seconds from UTC. */
export function forecastAnswer(
  changeStep: (index: number) => Record<string, unknown> = () => ({}),
  timezone = 3_600,
) {
  const list = Array.from({ length: 40 }, (_, index) =>
    forecastEntry(NOON + (index + 1) * STEP_SECONDS, changeStep(index)),
  );
  return {
    cod: "200",
    message: 0,
    cnt: list.length,
    list,
    city: {
      id: 2_267_057,
      name: "Lisbon",
      coord: { lat: 38.7077, lon: -9.1365 },
      country: "PT",
      population: 517_802,
      timezone,
      sunrise: NOON - 24_120,
      sunset: NOON + 29_100,
    },
  };
}

export const LISBON = {
  name: "Lisbon",
  local_names: { pt: "Lisboa", en: "Lisbon", de: "Lissabon" },
  lat: 38.7077507,
  lon: -9.1365919,
  country: "PT",
};

/** What the service finds for a name that many places have. */
export const SPRINGFIELDS = [
  { name: "Springfield", lat: 39.799, lon: -89.644, country: "US", state: "Illinois" },
  { name: "Springfield", lat: 37.2082, lon: -93.2923, country: "US", state: "Missouri" },
  { name: "Springfield", lat: 39.7812, lon: -89.6481, country: "US", state: "Illinois" },
  { name: "Springfield", lat: -27.6713, lon: 152.9, country: "AU", state: "Queensland" },
];

export const WRONG_KEY = {
  cod: 401,
  message: "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info.",
};
export const TOO_MANY = {
  cod: 429,
  message:
    "Your account is temporary blocked due to exceeding of requests limitation of your subscription type.",
};
