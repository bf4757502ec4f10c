import { AppError, messageOf } from "../../errors.ts";
import type { Outbound, OutboundRequest } from "../../types/outbound.ts";
import { outOfBounds } from "../../util/json-bounds.ts";
import { isJsonObject } from "../../util/json-object.ts";
import { parseJson } from "../../util/parse-json.ts";
import { ok, refuse, type Result } from "../../util/result.ts";

/** Somebody waits for the answer with a request of their own. */
const TIMEOUT_MS = 5_000;
const BOUNDS = { maxDepth: 16, maxNodes: 10_000 };
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Asks an authorization server for a JSON object. No redirect is followed.
 *
 * Refuses with what went wrong, for the log: nothing of what was answered stands in it.
 */
export async function askJson(
  outbound: Outbound,
  { headers, ...request }: OutboundRequest,
): Promise<Result<Record<string, unknown>, string>> {
  try {
    const { status, body } = await outbound.fetch({
      ...request,
      headers: { accept: "application/json", ...headers, "user-agent": "mcp-plugin-server" },
      timeoutMs: TIMEOUT_MS,
      redirect: "refuse",
    });
    if (status !== 200) return refuse(`HTTP ${status}`);
    const value = decode(body);
    return isJsonObject(value) && outOfBounds(value, BOUNDS) === null
      ? ok(value)
      : refuse("an answer that is no JSON object");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return refuse(messageOf(error));
  }
}

function decode(body: Uint8Array): unknown {
  try {
    return parseJson(decoder.decode(body));
  } catch {
    return undefined;
  }
}
