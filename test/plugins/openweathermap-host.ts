import { inspect } from "node:util";
import { expect } from "vitest";
import OpenWeatherMapPlugin from "../../plugins/openweathermap/index.ts";
import { createTestHost, type TestHost, type TestHostOptions } from "../../src/plugins/index.ts";
import { canary } from "../helpers/canary.ts";
import { currentAnswer, forecastAnswer, LISBON } from "./openweathermap-answers.ts";
import { openWeatherService, type WeatherService } from "./openweathermap-service.ts";
import { searchCalls, type CallTool } from "./searched-calls.ts";

export const API_KEY = canary("0f1e2d3c");

export interface OpenWeather {
  readonly service: WeatherService;
  readonly host: TestHost;
  /** What the vault has for the plugin, and how often it was asked. */
  readonly vault: { apiKey: string | null; reads: number };
  /** Calls a tool. What comes of it is searched for the key when the test ends, as is the log. */
  readonly call: CallTool;
}

/** The plugin at a service that knows Lisbon and its weather, with a clock that the test can set. */
export async function openWeather(
  config: Record<string, unknown> = {},
  clock: { now: number } = { now: 0 },
  options: Pick<TestHostOptions, "fetch"> = {},
): Promise<OpenWeather> {
  const service = await openWeatherService();
  service.reply("/data/2.5/weather", { body: currentAnswer() });
  service.reply("/data/2.5/forecast", { body: forecastAnswer() });
  service.reply("/geo/1.0/direct", { body: [LISBON] });
  const vault: OpenWeather["vault"] = { apiKey: API_KEY, reads: 0 };
  const host = await createTestHost(() => overVault(vault, clock), {
    pluginId: "weather",
    config: { baseUrl: service.baseUrl, ...config },
    // Without it the plugin would not even be started.
    credentials: { api_key: API_KEY },
    ...options,
  });
  const { call } = searchCalls(host, service, expectNoKey);
  return { service, host, vault, call };
}

/** The plugin, whose credentials the test can change and count. */
function overVault(vault: OpenWeather["vault"], clock: { readonly now: number }) {
  const plugin = new OpenWeatherMapPlugin(() => clock.now);
  const initialize = plugin.initialize.bind(plugin);
  plugin.initialize = (context) =>
    initialize({
      ...context,
      async getCredential(name) {
        vault.reads += 1;
        return name === "api_key" ? vault.apiKey : null;
      },
    });
  return plugin;
}

/** Looks everywhere: into stacks, causes and members that JSON leaves out, and in any case. */
export function expectNoKey(said: unknown): void {
  const text = inspect(said, {
    depth: Infinity,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
    breakLength: Infinity,
    showHidden: true,
  });
  expect(text.toLowerCase()).not.toContain(API_KEY);
}

/** The query of a request, without the key. */
export function queryOf(request: URL | undefined): Record<string, string> {
  const { appid: _appid, ...query } = Object.fromEntries(request?.searchParams ?? []);
  return query;
}
