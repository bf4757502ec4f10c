import { describe, expect, it } from "vitest";
import { LISBON, SPRINGFIELDS } from "./openweathermap-answers.ts";
import { openWeather, queryOf } from "./openweathermap-host.ts";

const ONE_WAY =
  "Say where in one way: place, or latitude and longitude, or postalCode and country.";
const UNKNOWN_NAME =
  'OpenWeatherMap knows no place "Lisbonne". Check the spelling, and write it as City,country code (Paris,FR) or, in the United States, as City,state code,US (Portland,OR,US).';
const UNKNOWN_CODE =
  'OpenWeatherMap knows no postal code "00000,PT". Check the code and the country, or name the place.';

describe("find_places", () => {
  it("finds what a name can mean, each place once", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { body: SPRINGFIELDS });
    const { structuredContent, content } = await call("find_places", { place: "Springfield" });
    expect(structuredContent).toEqual({
      places: [
        {
          name: "Springfield",
          state: "Illinois",
          country: "US",
          latitude: 39.799,
          longitude: -89.644,
        },
        {
          name: "Springfield",
          state: "Missouri",
          country: "US",
          latitude: 37.2082,
          longitude: -93.2923,
        },
        {
          name: "Springfield",
          state: "Queensland",
          country: "AU",
          latitude: -27.6713,
          longitude: 152.9,
        },
      ],
    });
    expect(content[0]?.text.split("\n")[0]).toBe(
      "Springfield, Illinois, US: latitude 39.799, longitude -89.644",
    );
  });

  it("finds what lies at coordinates", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/reverse", { body: [LISBON] });
    const { structuredContent } = await call("find_places", { latitude: 38.7, longitude: 0 });
    expect(structuredContent.places).toEqual([
      { name: "Lisbon", country: "PT", latitude: 38.7077507, longitude: -9.1365919 },
    ]);
    expect(queryOf(service.requests[0])).toEqual({ lat: "38.7", lon: "0", limit: "5" });
  });

  it("finds a postal code", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/zip", {
      body: { zip: "1100-148", name: "Lisboa", lat: 38.71, lon: -9.13, country: "PT" },
    });
    const { structuredContent } = await call("find_places", {
      postalCode: " 1100-148 ",
      country: "PT",
    });
    expect(structuredContent.places).toEqual([
      { name: "Lisboa", country: "PT", latitude: 38.71, longitude: -9.13 },
    ]);
    expect(queryOf(service.requests[0])).toEqual({ zip: "1100-148,PT" });
  });

  it("says that nothing is known near coordinates", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/reverse", { body: [] });
    await expect(call("find_places", { latitude: 0, longitude: -30 })).rejects.toMatchObject({
      name: "ToolError",
      message: "OpenWeatherMap knows no place near 0, -30.",
    });
  });
});

describe.each(["current_weather", "forecast", "find_places"])("where, for %s", (tool) => {
  it("is refused for a name that is unknown, with how to write one", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { body: [] });
    await expect(call(tool, { place: "Lisbonne" })).rejects.toMatchObject({
      name: "ToolError",
      message: UNKNOWN_NAME,
    });
    expect(service.requests).toHaveLength(1);
  });

  it("is refused for a postal code that is unknown", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/zip", { status: 404, body: { cod: "404", message: "not found" } });
    await expect(call(tool, { postalCode: "00000", country: "PT" })).rejects.toMatchObject({
      name: "ToolError",
      message: UNKNOWN_CODE,
    });
  });

  it.each([
    { args: {} },
    { args: { place: " , " } },
    { args: { place: ",", country: "PT" } },
    { args: { country: "PT" } },
    { args: { latitude: 1 } },
    { args: { longitude: 1 } },
    { args: { postalCode: "1100-148" } },
    { args: { place: "Lisbon", latitude: 1, longitude: 1 } },
    { args: { place: "Lisbon", postalCode: "1100-148", country: "PT" } },
  ])("must be said in one way: $args", async ({ args }) => {
    const { call, service } = await openWeather();
    await expect(call(tool, args)).rejects.toMatchObject({ name: "ToolError", message: ONE_WAY });
    expect(service.requests).toEqual([]);
  });

  it.each([
    { name: "a latitude beyond the poles", args: { latitude: 91, longitude: 0 } },
    { name: "a longitude beyond 180", args: { latitude: 0, longitude: -181 } },
    { name: "a country by its name", args: { place: "Lisbon", country: "Portugal" } },
    { name: "an empty name", args: { place: "" } },
    { name: "a name of 101 characters", args: { place: "a".repeat(101) } },
    { name: "an argument that is none", args: { city: "Lisbon" } },
  ])("is refused by the schema for $name", async ({ args }) => {
    const { call, service } = await openWeather();
    await expect(call(tool, args)).rejects.toThrow("Invalid arguments");
    expect(service.requests).toEqual([]);
  });
});

describe("a name that several places have", () => {
  it.each(["Springfield", "Springfield,US", "Springfield, us "])(
    "is refused as %s, with the places",
    async (place) => {
      const { call, service } = await openWeather();
      service.reply("/geo/1.0/direct", { body: SPRINGFIELDS });
      const refusal = await call("current_weather", { place }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        name: "ToolError",
        message: `"${place.replace(", us ", ",us")}" can be one of several places: Springfield, Illinois, US; Springfield, Missouri, US; Springfield, Queensland, AU. Find out which one is meant, and call again with its country or its coordinates.`,
        data: {
          matches: [
            { name: "Springfield", state: "Illinois", latitude: 39.799, longitude: -89.644 },
            { name: "Springfield", state: "Missouri", latitude: 37.2082, longitude: -93.2923 },
            { name: "Springfield", state: "Queensland", latitude: -27.6713, longitude: 152.9 },
          ],
        },
      });
      expect(service.requests).toHaveLength(1);
    },
  );

  it.each([
    { args: { place: "Springfield,IL,US" }, q: "Springfield,IL,US" },
    { args: { place: "Springfield, AU" }, q: "Springfield,AU" },
    { args: { place: "Springfield", country: "AU" }, q: "Springfield,AU" },
    { args: { place: "Springfield,au", country: "AU" }, q: "Springfield,au" },
    { args: { place: "Springfield,IL", country: "US" }, q: "Springfield,IL,US" },
  ])("means the first match when it is exact: $args", async ({ args, q }) => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { body: SPRINGFIELDS });
    const { structuredContent } = await call("current_weather", args);
    expect(structuredContent.location).toMatchObject({ latitude: 39.799, longitude: -89.644 });
    expect(queryOf(service.requests[0])).toEqual({ q, limit: "5" });
  });

  it("is no riddle when the service lists one place several times", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { body: [LISBON, { ...LISBON, lat: 38.72 }] });
    const { structuredContent } = await call("current_weather", { place: "Lisbon" });
    expect(structuredContent.location.latitude).toBe(38.7077507);
  });

  it("keeps what people type inside of the query", async () => {
    const { call, service } = await openWeather();
    service.reply("/geo/1.0/direct", { body: [] });
    const place = "A&appid=x#/../?limit=9";
    await expect(call("find_places", { place })).rejects.toThrow("knows no place");
    expect(service.requests[0]?.pathname).toBe("/geo/1.0/direct");
    expect(queryOf(service.requests[0])).toEqual({ q: place, limit: "5" });
    expect(service.requests[0]?.searchParams.getAll("appid")).toHaveLength(1);
  });
});
