import type {
  CallContext,
  MCPPlugin,
  PluginContext,
  Resource,
  Tool,
} from "mcp-plugin-server/plugin";
import { AUTH, createKeyReader } from "./api-key.ts";
import type { ForecastArguments, WeatherArguments } from "./argument-schemas.ts";
import { createClient, type Client } from "./client.ts";
import { SETTINGS_SCHEMA, type Settings } from "./settings.ts";
import { tellCurrentWeather, tellForecast, tellPlaces, type Teller } from "./tellers.ts";
import { TOOLS } from "./tools.ts";
import type { PlaceArguments } from "./wanted-place.ts";

/**
 * Weather of openweathermap.org, for whoever has a key of theirs. Written as a plain class, without a helper of the
 * server: what stands here is all that the server asks of a plugin.
 */
export default class OpenWeatherMapPlugin implements MCPPlugin {
  readonly name = "openweathermap";
  readonly version = "1.0.0";
  readonly description = "Current weather, forecasts and coordinates of places, by OpenWeatherMap.";
  readonly auth = AUTH;
  readonly configSchema = SETTINGS_SCHEMA;
  readonly #now: () => number;
  #running: { readonly client: Client; readonly settings: Settings } | null = null;

  /** @param now milliseconds; tests bring their own clock */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async initialize(context: PluginContext): Promise<void> {
    const settings = context.config as Settings;
    const apiKey = createKeyReader(context);
    this.#running = {
      settings,
      client: createClient({ settings, apiKey, context, now: this.#now }),
    };
  }

  getTools(): Tool[] {
    return [...TOOLS];
  }

  getResources(): Resource[] {
    return [];
  }

  /** The server has checked the arguments against the tool's schema. */
  async executeTool(name: string, args: unknown, { signal }: CallContext): Promise<unknown> {
    if (this.#running === null) throw new Error("The plugin is not initialized.");
    const teller: Teller = { ...this.#running, signal };
    switch (name) {
      case "current_weather":
        return tellCurrentWeather(args as WeatherArguments, teller);
      case "forecast":
        return tellForecast(args as ForecastArguments, teller);
      case "find_places":
        return tellPlaces(args as PlaceArguments, teller);
      default:
        throw new Error(`There is no tool "${name}".`);
    }
  }

  async cleanup(): Promise<void> {
    this.#running = null;
  }
}
