import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import OpenWeatherMapPlugin from "../../plugins/openweathermap/index.ts";
import type { Vault } from "../../src/index.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { ADMIN_TOKEN, createTestApp, type TestApp } from "../helpers/test-app.ts";
import {
  currentAnswer,
  forecastAnswer,
  LISBON,
  SPRINGFIELDS,
  WRONG_KEY,
} from "./openweathermap-answers.ts";
import { API_KEY, expectNoKey } from "./openweathermap-host.ts";
import { openWeatherService, type WeatherService } from "./openweathermap-service.ts";
import { noteRequests } from "./searched-calls.ts";
import { store, vaultWith } from "./stored-credentials.ts";

let app: TestApp;
let service: WeatherService;
let vault: Vault;
const { said, ask, call } = noteRequests(() => app);

beforeAll(async () => {
  service = await openWeatherService();
  vault = await vaultWith({
    weather: { api_key: API_KEY },
    misplaced: { api_key: API_KEY },
  });
  const config = { baseUrl: service.baseUrl };
  app = await createTestApp({
    plugins: {
      weather: OpenWeatherMapPlugin,
      keyless: OpenWeatherMapPlugin,
      misplaced: OpenWeatherMapPlugin,
    },
    entries: {
      weather: { config },
      keyless: { config },
      misplaced: { config: { ...config, apiKey: API_KEY } },
    },
    deps: { vault },
  });
});

afterAll(async () => {
  await app.close();
  await service.close();
  expectNoKey([said, app.logs, app.manager.statuses()]);
});

beforeEach(() => {
  service.reply("/data/2.5/weather", { body: currentAnswer() });
  service.reply("/data/2.5/forecast", { body: forecastAnswer() });
  service.reply("/geo/1.0/direct", { body: [LISBON] });
});

interface ListedTool {
  readonly name: string;
  readonly inputSchema: { readonly additionalProperties?: unknown };
  readonly outputSchema: Record<string, unknown>;
}

describe("the weather plugin on the server", () => {
  it("runs with a key, waits for one that is missing, and refuses one among the settings", async () => {
    const statuses = app.manager.statuses();
    expect(
      statuses.map(({ id, state, missing, quarantined }) => ({
        id,
        state,
        missing: missing.map(({ name }) => name),
        quarantined,
      })),
    ).toEqual([
      { id: "keyless", state: "needs-credentials", missing: ["api_key"], quarantined: [] },
      { id: "misplaced", state: "failed", missing: [], quarantined: [] },
      { id: "weather", state: "running", missing: [], quarantined: [] },
    ]);
    expect(statuses[1]?.error).toBe(
      "Its settings are not valid: /apiKey: The API key is not a setting: store it as the credential api_key, and take apiKey out of the settings.",
    );
    const response = await app.request("/api/plugins", { key: ADMIN_TOKEN });
    expect(response.status).toBe(200);
    said.push(await response.text());
  });

  it("offers strict tools", async () => {
    const { result } = await ask("tools/list");
    const tools = (result.tools as ListedTool[]).filter(({ name }) => name.startsWith("weather_"));
    expect(tools.map(({ name }) => name)).toEqual([
      "weather_current_weather",
      "weather_find_places",
      "weather_forecast",
    ]);
    expect(tools.map(({ inputSchema }) => inputSchema.additionalProperties)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each([
    { tool: "weather_current_weather", args: { place: "Lisbon" } },
    { tool: "weather_forecast", args: { place: "Lisbon", days: 6, hours: 120 } },
    { tool: "weather_find_places", args: { place: "Lisbon" } },
  ])("answers $tool with text and content that its schema takes", async ({ tool, args }) => {
    const { result: list } = await ask("tools/list");
    const { outputSchema } = (list.tools as ListedTool[]).find(({ name }) => name === tool)!;
    const result = await call(tool, args);
    expect(result.isError).toBeUndefined();
    expect(result.content[0].text).toContain("Lisbon, PT");
    expect(createAjvEngine().compile(outputSchema)(result.structuredContent)).toBeNull();
    expect(createAjvEngine().compile(outputSchema)({})).not.toBeNull();
  });

  it("tells the model which places a name can mean", async () => {
    service.reply("/geo/1.0/direct", { body: SPRINGFIELDS });
    const result = await call("weather_forecast", { place: "Springfield" });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("Springfield, Missouri, US");
    expect(JSON.parse(result.content[1].text).matches[1]).toMatchObject({ latitude: 37.2082 });
  });

  it("refuses arguments that it does not have", async () => {
    const result = await call("weather_forecast", { place: "Lisbon", day: 3 });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("must NOT have additional properties (day)");
  });

  it("tells of a key that the service does not take", async () => {
    service.reply("/data/2.5/weather", {
      status: 401,
      body: { ...WRONG_KEY, message: `${WRONG_KEY.message} ${API_KEY}` },
    });
    const result = await call("weather_current_weather", { latitude: 1, longitude: 1 });
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain("does not accept this server's API key");
    expect(service.requests.at(-1)?.searchParams.get("appid")).toBe(API_KEY);
    const told = app.logs.filter(({ message }) => message === "A request to OpenWeatherMap failed");
    expect(told.at(-1)?.fields).toMatchObject({ path: "data/2.5/weather", reason: "status 401" });
  });

  it("says what is missing, and runs as soon as somebody stores it", async () => {
    const args = { latitude: 3, longitude: 3 };
    const before = await call("keyless_current_weather", args);
    expect(before.isError).toBe(true);
    expect(before.content[0].text).toContain(
      '"api_key" (Your key from https://home.openweathermap.org/api_keys.)',
    );
    await store(vault, "keyless", "api_key", API_KEY);
    const after = await call("keyless_current_weather", args);
    expect(after.structuredContent).toMatchObject({ temperature: 21.5 });
    expect(service.requests.at(-1)?.searchParams.get("appid")).toBe(API_KEY);
  });

  it("hangs up on the service when the client is gone", async () => {
    const closed = vi.fn<() => void>();
    const gone = new AbortController();
    service.reply("/data/2.5/weather", (response) => {
      response.on("close", closed);
      gone.abort();
    });
    const args = { latitude: 2, longitude: 2 };
    const params = { name: "weather_current_weather", arguments: args };
    const request = modernRequest("tools/call", params, { signal: gone.signal });
    await app.request("/mcp", request).catch(() => {});
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });
});
