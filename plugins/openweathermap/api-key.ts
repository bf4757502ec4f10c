import { ToolError, type PluginAuthConfig, type PluginContext } from "mcp-plugin-server/plugin";

const FIELD = "api_key";

export const AUTH: PluginAuthConfig = {
  type: "api-key",
  required: true,
  fields: {
    [FIELD]: {
      type: "password",
      required: true,
      description: "Your key from https://home.openweathermap.org/api_keys.",
      // What stands in an address as it is, so that it can be found, and taken out, wherever it turns up.
      validation: /^[A-Za-z0-9._~-]{8,200}$/,
    },
  },
};

/** Asks for the key at each use, so that another one that is stored meanwhile is the one that is used. */
export function createKeyReader({
  pluginId,
  getCredential,
}: Pick<PluginContext, "pluginId" | "getCredential">): () => Promise<string> {
  return async () => {
    const key = await getCredential(FIELD);
    if (key !== null) return key;
    throw new ToolError(
      `"${pluginId}" has no API key yet. Ask the server's administrator to get one at https://home.openweathermap.org/api_keys and to store it as the credential "${FIELD}" of "${pluginId}".`,
    );
  };
}
