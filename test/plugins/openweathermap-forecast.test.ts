import { describe, expect, it } from "vitest";
import { forecastAnswer } from "./openweathermap-answers.ts";
import { openWeather, queryOf } from "./openweathermap-host.ts";

const AT_LISBON = { latitude: 38.7, longitude: -9.1 };
const DRY_DAY = {
  conditions: "overcast clouds",
  temperatureMin: 20,
  temperatureMax: 20,
  precipitationChancePercent: 0,
  rainMm: 0,
  snowMm: 0,
  windSpeedMax: 3,
};

/** Steps end at 16:00, 19:00, 22:00 and 01:00 on the first day and night in Lisbon. */
const weather = (description: string) => [{ id: 0, main: "", description, icon: "" }];

describe("forecast", () => {
  it("sums up five local days and spares the rest", async () => {
    const { call, service } = await openWeather();
    const { structuredContent, content } = await call("forecast", { place: "Lisbon" });
    expect(structuredContent).toEqual({
      location: { name: "Lisbon", country: "PT", latitude: 38.7077507, longitude: -9.1365919 },
      units: { temperature: "degrees Celsius", windSpeed: "metres per second" },
      utcOffset: "+01:00",
      days: [
        { date: "2026-07-01", weekday: "Wednesday", hoursCovered: 9, ...DRY_DAY },
        { date: "2026-07-02", weekday: "Thursday", hoursCovered: 24, ...DRY_DAY },
        { date: "2026-07-03", weekday: "Friday", hoursCovered: 24, ...DRY_DAY },
        { date: "2026-07-04", weekday: "Saturday", hoursCovered: 24, ...DRY_DAY },
        { date: "2026-07-05", weekday: "Sunday", hoursCovered: 24, ...DRY_DAY },
      ],
    });
    expect(content[0]?.text.split("\n").slice(0, 3)).toEqual([
      "Lisbon, PT, local days (UTC+01:00):",
      "Wednesday 2026-07-01 (9 hours): overcast clouds, 20 to 20 °C, chance of precipitation 0 %, wind up to 3 m/s",
      "Thursday 2026-07-02: overcast clouds, 20 to 20 °C, chance of precipitation 0 %, wind up to 3 m/s",
    ]);
    expect(queryOf(service.requests[1])).toEqual({
      lat: "38.7077507",
      lon: "-9.1365919",
      units: "metric",
      lang: "en",
    });
  });

  it("joins the lowest, the highest, the likeliest and the sums of a day", async () => {
    const { call, service } = await openWeather();
    const changes: Record<string, unknown>[] = [
      {
        main: { temp: 24, feels_like: 24, temp_min: 22.25, temp_max: 26.14, humidity: 50 },
        weather: weather("light rain"),
        rain: { "3h": 0.26 },
        pop: 0.32,
        wind: { speed: 7.66, deg: 90 },
      },
      {
        main: { temp: 19, feels_like: 19, temp_min: 18.4, temp_max: 19, humidity: 50 },
        weather: weather("clear sky"),
      },
      { weather: weather("light rain"), rain: { "3h": 1.5 }, snow: { "3h": 0.2 }, pop: 0.7 },
      { rain: { "3h": 9 }, pop: 1 },
    ];
    service.reply("/data/2.5/forecast", { body: forecastAnswer((index) => changes[index] ?? {}) });
    const { structuredContent, content } = await call("forecast", { ...AT_LISBON, days: 2 });
    expect(structuredContent.days).toMatchObject([
      {
        date: "2026-07-01",
        conditions: "light rain, clear sky",
        temperatureMin: 18.4,
        temperatureMax: 26.1,
        precipitationChancePercent: 70,
        rainMm: 1.8,
        snowMm: 0.2,
        windSpeedMax: 7.7,
      },
      { date: "2026-07-02", precipitationChancePercent: 100, rainMm: 9 },
    ]);
    expect(content[0]?.text.split("\n")[1]).toBe(
      "Wednesday 2026-07-01 (9 hours): light rain, clear sky, 18.4 to 26.1 °C, rain 1.8 mm, snow 0.2 mm, chance of precipitation 70 %, wind up to 7.7 m/s",
    );
  });

  it("names three conditions of a day at most, the most frequent first", async () => {
    const { call, service } = await openWeather();
    const words = ["mist", "haze", "clear sky", "light rain", "clear sky", "mist", "clear sky"];
    service.reply("/data/2.5/forecast", {
      body: forecastAnswer((index) => ({ weather: weather(words[index - 3] ?? "fog") })),
    });
    const { structuredContent } = await call("forecast", { ...AT_LISBON, days: 2 });
    expect(structuredContent.days[1].conditions).toBe("clear sky, mist, haze");
  });

  it("counts three hours that end at midnight to the day before", async () => {
    const { call, service } = await openWeather();
    // In UTC the steps end at 15:00, 18:00, 21:00 and 24:00.
    service.reply("/data/2.5/forecast", {
      body: forecastAnswer((index) => (index === 3 ? { rain: { "3h": 4 } } : {}), 0),
    });
    const { structuredContent } = await call("forecast", { ...AT_LISBON, days: 2 });
    expect(structuredContent.days).toMatchObject([
      { date: "2026-07-01", hoursCovered: 12, rainMm: 4 },
      { date: "2026-07-02", hoursCovered: 24, rainMm: 0 },
    ]);
  });

  it.each([
    { timezone: 3_600, days: 6, dates: 6, last: "2026-07-06" },
    { timezone: -36_000, days: 6, dates: 6, last: "2026-07-06" },
    { timezone: 43_200, days: 6, dates: 5, last: "2026-07-06" },
    { timezone: 3_600, days: 1, dates: 1, last: "2026-07-01" },
  ])(
    "gives $dates of $days days at $timezone seconds from UTC",
    async ({ timezone, days, dates, last }) => {
      const { call, service } = await openWeather();
      service.reply("/data/2.5/forecast", { body: forecastAnswer(() => ({}), timezone) });
      const { structuredContent } = await call("forecast", { ...AT_LISBON, days });
      expect(structuredContent.days).toHaveLength(dates);
      expect(structuredContent.days.at(-1).date).toBe(last);
    },
  );

  it("gives every three hours when hours are asked for", async () => {
    const { call, service } = await openWeather();
    service.reply("/data/2.5/forecast", {
      body: forecastAnswer((index) =>
        index === 0
          ? { rain: { "3h": 0.6 }, pop: 0.555, weather: weather("light rain") }
          : { snow: { "3h": 0.3 } },
      ),
    });
    const { structuredContent, content } = await call("forecast", {
      ...AT_LISBON,
      days: 1,
      hours: 5,
    });
    expect(structuredContent.steps).toEqual([
      {
        time: "2026-07-01T16:00:00+01:00",
        conditions: "light rain",
        temperature: 20,
        feelsLike: 19.5,
        wind: { speed: 3, gust: 5, from: "N" },
        humidityPercent: 60,
        precipitationChancePercent: 56,
        rainMm: 0.6,
        snowMm: 0,
      },
      {
        time: "2026-07-01T19:00:00+01:00",
        conditions: "overcast clouds",
        temperature: 20,
        feelsLike: 19.5,
        wind: { speed: 3, gust: 5, from: "N" },
        humidityPercent: 60,
        precipitationChancePercent: 0,
        rainMm: 0,
        snowMm: 0.3,
      },
    ]);
    expect(content[0]?.text.split("\n").slice(2)).toEqual([
      "2026-07-01 16:00: light rain, 20 °C, rain 0.6 mm",
      "2026-07-01 19:00: overcast clouds, 20 °C, snow 0.3 mm",
    ]);
  });

  it("answers for other days and hours from the same answer of the service", async () => {
    const { call, service } = await openWeather();
    await call("forecast", AT_LISBON);
    const { structuredContent } = await call("forecast", { ...AT_LISBON, hours: 120 });
    expect(structuredContent.steps).toHaveLength(40);
    expect(service.requests).toHaveLength(1);
  });
});
