import { describe, expect, it } from "vitest";
import OpenWeatherMapPlugin from "../../plugins/openweathermap/index.ts";
import { canary } from "../helpers/canary.ts";
import { API_KEY, openWeather } from "./openweathermap-host.ts";

const AT = { latitude: 38.7, longitude: -9.1 };
const ELSEWHERE = { latitude: 1, longitude: 2 };
const OTHER_KEY = canary("another.key_of~the-service");

const { auth } = new OpenWeatherMapPlugin();

describe("the key as a credential", () => {
  it("is a password that the plugin needs", () => {
    expect(auth).toMatchObject({
      type: "api-key",
      required: true,
      fields: {
        api_key: {
          type: "password",
          required: true,
          description: "Your key from https://home.openweathermap.org/api_keys.",
        },
      },
    });
  });

  it.each([API_KEY, "~proxy.key-1_", "a".repeat(200)])("may be %s", (key) => {
    expect(key).toMatch(auth.fields["api_key"]?.validation as RegExp);
  });

  it.each(["", "short", `${API_KEY} `, `${API_KEY}&q=x`, `${API_KEY}\n`, "a".repeat(201)])(
    "may not be %j",
    (key) => {
      expect(key).not.toMatch(auth.fields["api_key"]?.validation as RegExp);
    },
  );

  it("is asked for once a request, and not when the answer is known", async () => {
    const { call, vault } = await openWeather();
    expect(vault.reads).toBe(0);
    await call("current_weather", AT);
    expect(vault.reads).toBe(1);
    await call("current_weather", AT);
    expect(vault.reads).toBe(1);
    await call("current_weather", { place: "Lisbon,PT" });
    expect(vault.reads).toBe(3);
  });

  it("is the same for both tries of one request", async () => {
    const { call, service, vault } = await openWeather();
    service.reply("/data/2.5/weather", { status: 503, body: {} });
    await expect(call("current_weather", AT)).rejects.toThrow("not available");
    expect(service.requests).toHaveLength(2);
    expect(vault.reads).toBe(1);
  });

  it("may change while the plugin runs", async () => {
    const { call, service, vault } = await openWeather();
    await call("current_weather", AT);
    vault.apiKey = OTHER_KEY;
    await call("current_weather", ELSEWHERE);
    expect(service.requests.map(({ searchParams }) => searchParams.get("appid"))).toEqual([
      API_KEY,
      OTHER_KEY,
    ]);
  });

  it("is not asked for by a call that is cancelled", async () => {
    const { call, vault } = await openWeather();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(call("current_weather", AT, signal)).rejects.toThrow("enough");
    expect(vault.reads).toBe(0);
  });

  it("while it is missing, leaves the service alone and says what to do", async () => {
    const { call, service, vault } = await openWeather();
    vault.apiKey = null;
    await expect(call("current_weather", AT)).rejects.toMatchObject({
      name: "ToolError",
      message:
        '"weather" has no API key yet. Ask the server\'s administrator to get one at https://home.openweathermap.org/api_keys and to store it as the credential "api_key" of "weather".',
    });
    expect(service.requests).toEqual([]);
    vault.apiKey = API_KEY;
    expect((await call("current_weather", AT)).structuredContent.temperature).toBe(21.5);
  });
});
