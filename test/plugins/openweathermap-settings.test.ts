import { describe, expect, it } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import OpenWeatherMapPlugin from "../../plugins/openweathermap/index.ts";
import { createPortableSchemaEngine } from "../../src/host/portable-schema-engine.ts";
import { createTestHost } from "../../src/plugins/index.ts";
import { API_KEY, expectNoKey, openWeather, queryOf } from "./openweathermap-host.ts";

const { configSchema } = new OpenWeatherMapPlugin();
const ENGINES = [
  { engine: "AJV", check: createAjvEngine().compile(configSchema), unknown: "" },
  {
    engine: "the portable engine",
    check: createPortableSchemaEngine().compile(configSchema),
    unknown: "/key",
  },
];

describe.each(ENGINES)("the settings, by $engine", ({ check, unknown }) => {
  it.each([
    {},
    { units: "imperial", language: "pt-BR", timeoutMs: 25_000 },
    { baseUrl: "https://api.openweathermap.org" },
    { baseUrl: "https://proxy.example:8443/weather/v1/" },
    { baseUrl: "http://127.0.0.1:8080" },
    { baseUrl: "http://localhost/owm" },
    { baseUrl: "http://[::1]:8080" },
  ])("may be %j", (settings) => {
    expect(check(settings)).toBeNull();
  });

  it.each([
    { place: unknown, settings: { key: API_KEY } },
    { place: "/apiKey", settings: { apiKey: API_KEY } },
    { place: "/units", settings: { units: "kelvin" } },
    { place: "/language", settings: { language: "german" } },
    { place: "/timeoutMs", settings: { timeoutMs: 99 } },
    { place: "/timeoutMs", settings: { timeoutMs: 25_001 } },
    ...[
      "http://api.openweathermap.org",
      "http://127.0.0.1.example.org",
      "http://localhost.example.org",
      "http://127.0.0.1@example.org",
      "http://localhost:80@example.org",
      "http://127.0.0.1:80\\@example.org",
      "https://user:password@example.org",
      "https://example.org/?a=b",
      "https://example.org/#a",
      "ftp://example.org",
      "//example.org",
      "",
    ].map((baseUrl) => ({ place: "/baseUrl", settings: { baseUrl } })),
  ])("are refused: %j", ({ place, settings }) => {
    const fault = check(settings);
    expect(fault?.pointer).toBe(place);
    expect(JSON.stringify(fault)).not.toContain(API_KEY);
  });
});

describe("the settings", () => {
  it("are no place for the key, which their schema says without repeating it", async () => {
    const started = createTestHost(OpenWeatherMapPlugin, {
      pluginId: "weather",
      config: { apiKey: API_KEY },
    });
    const error = await started.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "TypeError",
      message: 'Invalid settings: /apiKey does not satisfy "not"',
    });
    expectNoKey(error);
    expect(configSchema).toMatchObject({
      properties: {
        apiKey: {
          deprecated: true,
          writeOnly: true,
          description:
            "The API key is not a setting: store it as the credential api_key, and take apiKey out of the settings.",
        },
      },
    });
  });

  it("give units and language to calls that name none", async () => {
    const { call, service } = await openWeather({ units: "imperial", language: "de-DE" });
    await call("current_weather", { latitude: 1, longitude: 2 });
    await call("current_weather", { latitude: 1, longitude: 2, units: "metric", language: "fr" });
    expect(service.requests.map(queryOf)).toMatchObject([
      { units: "imperial", lang: "de" },
      { units: "metric", lang: "fr" },
    ]);
  });

  it("may put the service below a path", async () => {
    const { call, service, host } = await openWeather();
    const below = await createTestHost(OpenWeatherMapPlugin, {
      config: { baseUrl: `${service.baseUrl}/a/b//` },
      credentials: { api_key: API_KEY },
    });
    const args = { latitude: 1, longitude: 2 };
    await expect(below.callTool("forecast", args)).rejects.toThrow("knows no weather");
    await call("forecast", args);
    expect(service.requests.map(({ pathname }) => pathname)).toEqual([
      "/a/b/data/2.5/forecast",
      "/data/2.5/forecast",
    ]);
    expect(host.plugin.configSchema).toEqual(configSchema);
    await below.close();
  });

  it("with a port that cannot be keep the plugin from starting", async () => {
    const config = { baseUrl: "https://example.org:99999" };
    const started = createTestHost(OpenWeatherMapPlugin, {
      config,
      credentials: { api_key: API_KEY },
    });
    await expect(started).rejects.toThrow("Invalid URL");
  });
});

describe("the plugin's life", () => {
  it("has no answer outside of it", async () => {
    const plugin = new OpenWeatherMapPlugin();
    const call = { signal: new AbortController().signal };
    await expect(plugin.executeTool("forecast", {}, call as never)).rejects.toThrow(
      "The plugin is not initialized.",
    );
    await plugin.cleanup();
  });

  it("knows its tools and no other", async () => {
    const { host } = await openWeather();
    const { tools, resources } = await host.catalog();
    expect(tools.map(({ name, annotations }) => ({ name, annotations }))).toEqual(
      ["current_weather", "forecast", "find_places"].map((name) => ({
        name,
        annotations: { readOnlyHint: true, openWorldHint: true },
      })),
    );
    expect(resources).toEqual([]);
    const plugin = new OpenWeatherMapPlugin();
    const logger = { warn: () => {} };
    const config = { baseUrl: "https://example.org", timeoutMs: 100 };
    await plugin.initialize({ config, logger } as never);
    await expect(plugin.executeTool("history", {}, {} as never)).rejects.toThrow(
      'There is no tool "history".',
    );
    await plugin.cleanup();
  });
});
