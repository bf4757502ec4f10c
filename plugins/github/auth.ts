import type { PluginAuthConfig, PluginContext } from "mcp-plugin-server/plugin";
import { replaceInBytes } from "./base64.ts";

export const PERSONAL_TOKEN = "personal_token";
const HIDDEN = "[token]";

export const AUTH: PluginAuthConfig = {
  type: "oauth2",
  required: true,
  // GitHub has no smaller scope that reads private repositories. Its GitHub Apps have permissions in place of scopes.
  oauth: { provider: "github", scopes: ["repo"] },
  fields: {
    [PERSONAL_TOKEN]: {
      type: "password",
      required: false,
      description:
        "A personal access token from https://github.com/settings/tokens, in place of a connected account. A fine-grained one can be kept to some repositories, and to reading.",
      // What a header takes as it is.
      validation: /^[A-Za-z0-9_.-]{8,}$/,
    },
  },
};

/** Never to be logged, nor put into an address. */
export interface Token {
  readonly secret: string;
  readonly kind: "personal" | "account";
}

type Credentials = Pick<PluginContext, "getCredential" | "getAccessToken">;

/**
 * The personal token where one is stored, or else the connected account's. Asked for anew each time, so that another one
 * that is stored meanwhile is the one that is used.
 *
 * @throws AppError `NOT_CONNECTED`, which the server turns into a question to the person
 */
export async function readToken({ getCredential, getAccessToken }: Credentials): Promise<Token> {
  const personal = await getCredential(PERSONAL_TOKEN);
  if (personal !== null) return { secret: personal, kind: "personal" };
  return { secret: await getAccessToken(), kind: "account" };
}

/**
 * What to use in place of a token that GitHub did not take: `null` for the same one again. An account whose token is no
 * longer good must be connected again.
 *
 * @throws AppError `NOT_CONNECTED`, once the account is known to be lost
 */
export async function replaceToken(
  refused: Token,
  plugin: Credentials & Pick<PluginContext, "requireReauth">,
): Promise<Token | null> {
  const current = await readToken(plugin);
  if (current.secret !== refused.secret) return current;
  if (current.kind === "personal") return null;
  await plugin.requireReauth(refused.secret);
  const after = await readToken(plugin);
  return after.secret === refused.secret ? null : after;
}

/** Tells tokens apart without keeping them. */
export async function fingerprint({ secret }: Token): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text without the token, which a service or a runtime may have repeated. */
export function hideToken(text: string, { secret }: Token): string {
  return text.replaceAll(secret, HIDDEN);
}

/** The same for the contents of a file. */
export function hideTokenIn(
  bytes: Uint8Array<ArrayBuffer>,
  { secret }: Token,
): Uint8Array<ArrayBuffer> {
  return replaceInBytes(bytes, secret, HIDDEN);
}
