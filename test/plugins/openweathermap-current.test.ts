import { describe, expect, it } from "vitest";
import { currentAnswer, LISBON, NOON } from "./openweathermap-answers.ts";
import { API_KEY, openWeather, queryOf } from "./openweathermap-host.ts";

const AT_LISBON = { latitude: 38.7, longitude: -9.1 };

describe("current_weather", () => {
  it("looks a name up and tells the weather there, in local time", async () => {
    const { call } = await openWeather();
    const { structuredContent, content } = await call("current_weather", { place: "Lisbon,PT" });
    expect(structuredContent).toEqual({
      location: { name: "Lisbon", country: "PT", latitude: 38.7077507, longitude: -9.1365919 },
      units: { temperature: "degrees Celsius", windSpeed: "metres per second" },
      time: "2026-07-01T12:58:30+01:00",
      utcOffset: "+01:00",
      conditions: "moderate rain",
      temperature: 21.5,
      feelsLike: 21,
      wind: { speed: 4.6, gust: 8.3, from: "NW" },
      humidityPercent: 73,
      cloudCoverPercent: 90,
      pressureHpa: 1014,
      visibilityMetres: 10_000,
      rainLastHourMm: 1.7,
      snowLastHourMm: 0,
      sunrise: "2026-07-01T06:18:00+01:00",
      sunset: "2026-07-01T21:05:00+01:00",
    });
    expect(content).toEqual([
      {
        type: "text",
        text: "Lisbon, PT, 2026-07-01 12:58 (UTC+01:00): moderate rain, 21.5 °C, feels like 21 °C. Wind 4.6 m/s from NW, humidity 73 %. Rain in the last hour: 1.7 mm.",
      },
    ]);
  });

  it("asks the service as it documents it, with the key in the query", async () => {
    const { call, service } = await openWeather();
    await call("current_weather", { place: "Lisbon,PT" });
    expect(service.requests.map(({ pathname }) => pathname)).toEqual([
      "/geo/1.0/direct",
      "/data/2.5/weather",
    ]);
    expect(service.requests.map(queryOf)).toEqual([
      { q: "Lisbon,PT", limit: "5" },
      { lat: "38.7077507", lon: "-9.1365919", units: "metric", lang: "en" },
    ]);
    expect(service.requests.map(({ searchParams }) => searchParams.get("appid"))).toEqual([
      API_KEY,
      API_KEY,
    ]);
  });

  it("takes coordinates as they are, and the name from the answer", async () => {
    const { call, service } = await openWeather();
    const { structuredContent } = await call("current_weather", AT_LISBON);
    expect(structuredContent.location).toEqual({ ...AT_LISBON, name: "Lisbon", country: "PT" });
    expect(service.requests).toHaveLength(1);
  });

  it("takes a postal code with its country", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/zip", {
      body: { zip: "1100-148", name: "Lisboa", lat: 38.71, lon: -9.13, country: "PT" },
    });
    const { structuredContent } = await call("current_weather", {
      postalCode: "1100-148",
      country: "PT",
    });
    expect(structuredContent.location).toEqual({
      name: "Lisboa",
      country: "PT",
      latitude: 38.71,
      longitude: -9.13,
    });
    expect(queryOf(service.requests[0])).toEqual({ zip: "1100-148,PT" });
  });

  it("tells the weather at sea, where nothing has a name and the sun may not set", async () => {
    const { call, service } = await openWeather();
    const { sys: _sys, rain: _rain, visibility: _visibility, ...rest } = currentAnswer();
    service.reply("/data/2.5/weather", {
      body: { ...rest, name: "", sys: { sunrise: 0, sunset: 0 }, timezone: -12_600 },
    });
    const { structuredContent, content } = await call("current_weather", {
      latitude: 85,
      longitude: -40,
    });
    expect(structuredContent).toMatchObject({
      location: { latitude: 85, longitude: -40 },
      time: "2026-07-01T08:28:30-03:30",
      utcOffset: "-03:30",
      rainLastHourMm: 0,
    });
    expect(structuredContent.location.name).toBeUndefined();
    expect(structuredContent.sunrise).toBeUndefined();
    expect(structuredContent.visibilityMetres).toBeUndefined();
    expect(content[0]?.text).toBe(
      "85, -40, 2026-07-01 08:28 (UTC-03:30): moderate rain, 21.5 °C, feels like 21 °C. Wind 4.6 m/s from NW, humidity 73 %.",
    );
  });

  it("tells of snow, and of all conditions at once", async () => {
    const { call, service } = await openWeather();
    service.reply("/data/2.5/weather", {
      body: currentAnswer({
        weather: [{ description: "light snow" }, { description: "mist" }],
        rain: undefined,
        snow: { "1h": 0.4 },
      }),
    });
    const { structuredContent, content } = await call("current_weather", AT_LISBON);
    expect(structuredContent).toMatchObject({
      conditions: "light snow, mist",
      rainLastHourMm: 0,
      snowLastHourMm: 0.4,
    });
    expect(content[0]?.text).toContain("Snow in the last hour: 0.4 mm.");
  });

  it.each([
    { units: "metric", temperature: "degrees Celsius", windSpeed: "metres per second" },
    { units: "imperial", temperature: "degrees Fahrenheit", windSpeed: "miles per hour" },
    { units: "standard", temperature: "kelvins", windSpeed: "metres per second" },
  ])("asks for $units units and names them", async ({ units, temperature, windSpeed }) => {
    const { call, service } = await openWeather();
    const { structuredContent } = await call("current_weather", { ...AT_LISBON, units });
    expect(structuredContent.units).toEqual({ temperature, windSpeed });
    expect(queryOf(service.requests[0])).toMatchObject({ units });
  });

  it.each([
    { language: "de", lang: "de" },
    { language: "de-AT", lang: "de" },
    { language: "pt-BR", lang: "pt_br" },
    { language: "pt_PT", lang: "pt" },
    { language: "zh", lang: "zh_cn" },
    { language: "zh-TW", lang: "zh_tw" },
    { language: "cs", lang: "cz" },
    { language: "ko-KR", lang: "kr" },
    { language: "lv", lang: "la" },
  ])("asks for the language $language by the service's code $lang", async ({ language, lang }) => {
    const { call, service } = await openWeather();
    await call("current_weather", { ...AT_LISBON, language });
    expect(queryOf(service.requests[0])).toMatchObject({ lang });
  });

  it.each([
    { deg: 0, from: "N" },
    { deg: 11, from: "N" },
    { deg: 12, from: "NNE" },
    { deg: 180, from: "S" },
    { deg: 348, from: "NNW" },
    { deg: 349, from: "N" },
    { deg: 360, from: "N" },
  ])("calls wind from $deg degrees wind from $from", async ({ deg, from }) => {
    const { call, service } = await openWeather();
    service.reply("/data/2.5/weather", { body: currentAnswer({ wind: { speed: 1, deg } }) });
    const { structuredContent } = await call("current_weather", AT_LISBON);
    expect(structuredContent.wind).toEqual({ speed: 1, from });
  });
});

describe("the cache", () => {
  it("asks once in ten minutes", async () => {
    const clock = { now: NOON * 1_000 };
    const { call, service } = await openWeather({}, clock);
    const first = await call("current_weather", { place: LISBON.name });
    clock.now += 10 * 60_000 - 1;
    expect(await call("current_weather", { place: LISBON.name })).toEqual(first);
    expect(service.requests).toHaveLength(2);
    clock.now += 1;
    await call("current_weather", { place: LISBON.name });
    expect(service.requests).toHaveLength(4);
  });

  it.each([{ units: "imperial" }, { language: "de" }, { latitude: 39 }])(
    "keeps an answer apart from that for %o",
    async (change) => {
      const { call, service } = await openWeather();
      await call("current_weather", AT_LISBON);
      await call("current_weather", { ...AT_LISBON, ...change });
      expect(service.requests).toHaveLength(2);
    },
  );

  it("keeps no failure", async () => {
    const { call, service } = await openWeather();
    service.reply("/data/2.5/weather", { status: 429, body: {} }, { body: currentAnswer() });
    await expect(call("current_weather", AT_LISBON)).rejects.toThrow("limit of requests");
    expect((await call("current_weather", AT_LISBON)).structuredContent.temperature).toBe(21.5);
  });

  it("keeps the newest 200 answers", async () => {
    const { call, service } = await openWeather();
    for (let degrees = 0; degrees <= 200; degrees++) {
      await call("current_weather", { latitude: 0, longitude: degrees / 10 });
    }
    await call("current_weather", { latitude: 0, longitude: 0.1 });
    expect(service.requests).toHaveLength(201);
    await call("current_weather", { latitude: 0, longitude: 0 });
    expect(service.requests).toHaveLength(202);
  });
});
