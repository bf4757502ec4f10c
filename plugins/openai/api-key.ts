import { ToolError, type PluginAuthConfig, type PluginContext } from "mcp-plugin-server/plugin";

const FIELD = "api_key";
const HIDDEN = "[key]";

export const auth: PluginAuthConfig = {
  type: "api-key",
  required: true,
  fields: {
    [FIELD]: {
      type: "password",
      required: true,
      description:
        "Your key from https://platform.openai.com/api-keys, or of the service that the setting baseUrl names. For one that wants no key, any text of eight characters.",
      // What a header takes as it is.
      validation: /^[!-~]{8,}$/,
    },
  },
};

/**
 * Asks for the key anew each time, so that another one that is stored meanwhile is the one that is used.
 *
 * @throws ToolError that says what to do, while nobody has stored one
 */
export async function readKey({
  pluginId,
  getCredential,
}: Pick<PluginContext, "pluginId" | "getCredential">): Promise<string> {
  const key = await getCredential(FIELD);
  if (key !== null) return key;
  throw new ToolError(
    `"${pluginId}" has no API key yet. Ask the server's administrator to store it as the credential "${FIELD}" of "${pluginId}".`,
  );
}

/** The text without the key, which a service or a runtime may have repeated. */
export function hideKey(text: string, key: string): string {
  return text.replaceAll(key, HIDDEN);
}
