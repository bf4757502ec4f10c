import { ToolError, type PluginAuthConfig, type PluginContext } from "mcp-plugin-server/plugin";

/** What the credentials are called. */
export const PRIVATE_KEY = "private_key";
const ISSUER = "issuer";
const KEY_ID = "key_id";

export const AUTH: PluginAuthConfig = {
  type: "custom",
  required: true,
  fields: {
    [PRIVATE_KEY]: {
      type: "password",
      required: true,
      description: "The service account's private key: PEM, PKCS #8.",
      validation: /^\s*-----BEGIN PRIVATE KEY-----/,
    },
    [ISSUER]: {
      type: "string",
      required: true,
      description: "Who the service account is: its client id, or its address.",
      validation: /^\S+$/,
    },
    [KEY_ID]: {
      type: "string",
      required: false,
      description: "What the service calls the key, when it has several.",
      validation: /^\S+$/,
    },
  },
};

type Credentials = Pick<PluginContext, "pluginId" | "getCredential">;

/** @throws ToolError that says what to do, while nobody has stored it */
export async function readIssuer({ pluginId, getCredential }: Credentials): Promise<string> {
  const issuer = await getCredential(ISSUER);
  if (issuer === null) throw missing(pluginId, ISSUER);
  return issuer;
}

export function readKeyId({ getCredential }: Credentials): Promise<string | null> {
  return getCredential(KEY_ID);
}

/** The key and the algorithm do not go together, or the key is none. */
export function cannotSign(pluginId: string, algorithm: string): ToolError {
  return new ToolError(
    `The credential "${PRIVATE_KEY}" of "${pluginId}" cannot sign by ${algorithm}. Ask the server's administrator to look at it, and at the setting algorithm.`,
  );
}

export function missing(pluginId: string, name: string): ToolError {
  return new ToolError(
    `"${pluginId}" does not know its service account yet. Ask the server's administrator to store the credential "${name}" of "${pluginId}".`,
  );
}
