import { ApiKeyPlugin, ToolError, type CallContext, type Tool } from "mcp-plugin-server/plugin";

/** A class suits a plugin whose kind of credential has a base class. */
export default class ForecastPlugin extends ApiKeyPlugin {
  readonly name = "forecast";
  readonly version = "1.0.0";
  readonly description = "Weather forecasts of a service that wants an API key.";
  readonly configSchema = {
    type: "object",
    properties: { baseUrl: { type: "string", default: "https://weather.example/api" } },
    additionalProperties: false,
  };
  protected readonly apiKeyDescription = "Your key from https://weather.example/keys.";

  getTools(): Tool[] {
    return [
      {
        name: "forecast",
        description: "Forecasts tomorrow's weather in a city.",
        inputSchema: {
          type: "object",
          properties: { city: { type: "string", minLength: 1 } },
          required: ["city"],
        },
        annotations: { readOnlyHint: true },
      },
    ];
  }

  async executeTool(_name: string, { city }: { city: string }, call: CallContext) {
    const url = new URL(`${this.context.config.baseUrl}/forecast`);
    url.searchParams.set("city", city);
    const response = await this.context.fetch(url, {
      headers: { authorization: `Bearer ${await this.apiKey()}` },
      signal: call.signal,
    });
    if (response.status === 404) throw new ToolError(`The service knows no city "${city}".`);
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
    return response.json();
  }
}
