import { describe, expect, it } from "vitest";
import { currentAnswer, forecastAnswer, forecastEntry } from "./openweathermap-answers.ts";
import { API_KEY, openWeather } from "./openweathermap-host.ts";
import type { Reply } from "../helpers/loopback-service.ts";

const AT = { latitude: 38.7, longitude: -9.1 };
const ESCAPED = API_KEY.replaceAll(/./g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
const SPELLINGS = [
  { spelling: "as it is", key: API_KEY },
  { spelling: "in capitals", key: API_KEY.toUpperCase() },
];

/** `openWeather` searches everything that was said for the key; these tests make the service say it. */
describe.each(SPELLINGS)("a service that repeats the key $spelling", ({ key }) => {
  it.each([400, 401, 403, 404, 418, 429, 500])("in a refusal with %i", async (status) => {
    const { call, service } = await openWeather();
    const reply = {
      status,
      headers: { "retry-after": key, [`x-${key}`]: key },
      body: { cod: status, message: `Key ${key} is bad, see ?appid=${key}` },
    };
    service.reply("/data/2.5/weather", reply);
    service.reply("/geo/1.0/direct", reply);
    await expect(call("current_weather", AT)).rejects.toMatchObject({ name: "ToolError" });
    await expect(call("find_places", { place: "Lisbon" })).rejects.toMatchObject({
      name: "ToolError",
    });
  });

  it("in every text of a good answer", async () => {
    const { call, service } = await openWeather();
    const said = {
      weather: [{ description: `rain ${key}` }],
      name: `Lisbon ${key}`,
      sys: { country: key },
    };
    service.reply("/data/2.5/weather", { body: currentAnswer(said) });
    service.reply("/data/2.5/forecast", {
      body: {
        list: [forecastEntry(1_800_000_000, said)],
        city: { ...forecastAnswer().city, name: key, country: key },
      },
    });
    const places = [{ name: key, state: key, country: key, lat: 1, lon: 2 }];
    service.reply("/geo/1.0/reverse", { body: places });
    const current = await call("current_weather", AT);
    expect(current.structuredContent).toMatchObject({
      location: { name: "Lisbon [key]", country: "[key]" },
      conditions: "rain [key]",
    });
    const forecast = await call("forecast", { ...AT, hours: 3 });
    expect(forecast.structuredContent.steps[0].conditions).toBe("rain [key]");
    const found = await call("find_places", AT);
    expect(found.structuredContent.places[0]).toMatchObject({ name: "[key]", state: "[key]" });
  });

  it("in a list of places to choose from", async () => {
    const { call, service } = await openWeather();
    const places = [1, 2].map((lat) => ({ name: key, state: String(lat), lat, lon: 0 }));
    service.reply("/geo/1.0/direct", { body: places });
    await expect(call("current_weather", { place: "Lisbon" })).rejects.toThrow(
      "[key], 1; [key], 2",
    );
  });
});

describe("a service that says the key", () => {
  it("in the escapes of JSON is seen through", async () => {
    const { call, service } = await openWeather();
    service.reply("/data/2.5/weather", {
      status: 400,
      body: `{"message":"Key ${ESCAPED}"}`,
    });
    await expect(call("current_weather", AT)).rejects.toThrow("status 400: Key [key].");
  });

  it.each<{ name: string; reply: Reply }>([
    { name: "in what is not JSON", reply: { body: `<html>${API_KEY}</html>` } },
    {
      name: "in a status line",
      reply: (response) => response.writeHead(503, `Bad ${API_KEY}`).end(),
    },
    {
      name: "in a redirect",
      reply: (response) => response.writeHead(302, { location: `http://[${API_KEY}` }).end(),
    },
    {
      name: "in a header that breaks HTTP",
      reply: (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\n${API_KEY} : ${API_KEY}\r\n${API_KEY}\r\n\r\n`);
      },
    },
    {
      name: "in a length that is none",
      reply: (response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: ${API_KEY}\r\n\r\n{}`);
      },
    },
    {
      name: "in an encoding that breaks",
      reply: (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(API_KEY),
    },
    {
      name: "and hangs up",
      reply: (response) => void response.write(API_KEY, () => response.destroy()),
    },
  ])("$name", async ({ reply }) => {
    const { call, service, host } = await openWeather();
    service.reply("/data/2.5/weather", reply);
    await expect(call("current_weather", AT)).rejects.toMatchObject({ name: "ToolError" });
    expect(service.requests[0]?.searchParams.get("appid")).toBe(API_KEY);
    expect(host.serverLog).toHaveLength(1);
  });

  it.each(["key.with-a_dot~1", "key(with[brackets", "key+with|bars?"])(
    "is caught when the key is %s, and what looks like it is left",
    async (apiKey) => {
      const { call, service, vault } = await openWeather();
      vault.apiKey = apiKey;
      const alike = apiKey.replace(/[^a-z]/, "X");
      service.reply("/data/2.5/weather", {
        status: 400,
        body: { message: `Bad ${apiKey}, not ${alike}!` },
      });
      await expect(call("current_weather", AT)).rejects.toThrow(
        `status 400: Bad [key], not ${alike}!.`,
      );
    },
  );

  it("is no worse than a runtime that says which address it cannot reach", async () => {
    const { call, host } = await openWeather({}, undefined, {
      async fetch(url) {
        throw new TypeError(`No way to ${String(url)}`);
      },
    });
    await expect(call("current_weather", AT)).rejects.toThrow("it cannot be reached");
    expect(host.serverLog[0]?.fields["reason"]).toContain("appid=[key]");
  });
});
