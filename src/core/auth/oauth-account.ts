import type { Outbound } from "../../types/outbound.ts";
import { fromBase64Url } from "../../util/bytes.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import type { OAuthServer } from "./oauth-servers.ts";
import { MAX_OAUTH_BYTES, OAUTH_USER_AGENT } from "./oauth-transport.ts";
import type { JsonObject, OAuthProvider } from "./providers/provider.ts";

const MAX_LENGTH = 200;

/**
 * Whose account a token answer is of, for people to see what they have connected: never to decide anything by it. The ID
 * token that is read for it came from the token endpoint itself.
 */
export function accountOfAnswer(body: JsonObject, provider: OAuthProvider | null): string | null {
  const own = label(provider?.account?.(body));
  if (own !== null) return own;
  const { id_token: idToken } = body;
  const part = typeof idToken === "string" ? idToken.split(".")[1] : undefined;
  const bytes = part === undefined ? null : fromBase64Url(part);
  const claims = bytes === null ? null : parseJson(new TextDecoder().decode(bytes));
  if (!isJsonObject(claims)) return null;
  return label(claims["email"]) ?? label(claims["preferred_username"]) ?? label(claims["name"]);
}

/** Asks a provider whose token it is, where it can be asked. Nothing depends on the answer. */
export async function askForAccount(
  outbound: Outbound,
  { endpoints }: OAuthServer,
  accessToken: string,
): Promise<string | null> {
  const { account } = endpoints;
  if (account === undefined) return null;
  try {
    const { status, body } = await outbound.fetch({
      url: account.url,
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: "application/json",
        ...OAUTH_USER_AGENT,
      },
      timeoutMs: 5_000,
      maxBytes: MAX_OAUTH_BYTES,
      redirect: "refuse",
    });
    const answer = status === 200 ? parseJson(new TextDecoder().decode(body)) : null;
    return isJsonObject(answer) ? label(answer[account.field]) : null;
  } catch {
    return null;
  }
}

/** A name as a page or a terminal can show it. */
function label(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const text = value
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .trim()
    .slice(0, MAX_LENGTH);
  return text === "" ? null : text;
}
