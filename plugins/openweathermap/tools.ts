import type { Tool } from "mcp-plugin-server/plugin";
import { FORECAST_ARGUMENTS, PLACE_ARGUMENTS, WEATHER_ARGUMENTS } from "./argument-schemas.ts";
import { CURRENT_RESULT, FORECAST_RESULT, PLACES_RESULT } from "./result-schemas.ts";

/** They change nothing, and ask a service on the internet. */
const ASKS = { readOnlyHint: true, openWorldHint: true };

export const TOOLS: readonly Tool[] = [
  {
    name: "current_weather",
    title: "Current weather",
    description:
      "Tells the weather at a place right now: temperature, wind, humidity, rain, snow, sunrise and sunset. Say where by place, by latitude and longitude, or by postalCode and country.",
    annotations: ASKS,
    inputSchema: WEATHER_ARGUMENTS,
    outputSchema: CURRENT_RESULT,
  },
  {
    name: "forecast",
    title: "Weather forecast",
    description:
      "Forecasts the weather at a place for the next five days: for each day the lowest and highest temperature, rain, snow and wind; with hours also every three hours. Say where by place, by latitude and longitude, or by postalCode and country.",
    annotations: ASKS,
    inputSchema: FORECAST_ARGUMENTS,
    outputSchema: FORECAST_RESULT,
  },
  {
    name: "find_places",
    title: "Find places",
    description:
      "Finds up to five places: the coordinates of a place or of a postalCode in a country, or what lies at a latitude and longitude. The other tools take names themselves; this one helps when a name means several places.",
    annotations: ASKS,
    inputSchema: PLACE_ARGUMENTS,
    outputSchema: PLACES_RESULT,
  },
];
