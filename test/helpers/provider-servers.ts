import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
  type SeenRequest,
} from "./loopback-server.ts";
import { PROVIDER_SECRET, type ProviderShape } from "./provider-shapes.ts";

/**
 * A server that stands in for a provider: it knows the client `client.id`, the code `good-code`, and every refresh token
 * with `refresh-token` in it.
 *
 * @returns what a loopback outbound is to turn to it, beside the server
 */
export async function startProviderServer(
  shape: ProviderShape,
): Promise<LoopbackServer & { readonly stands: Readonly<Record<string, string>> }> {
  const server = await startLoopbackServer({
    ...shape.more,
    [shape.token]: (request) => answerTokenRequest(shape, request),
  });
  const stands = Object.fromEntries(shape.origins.map((origin) => [origin, server.origin]));
  return { ...server, stands };
}

function answerTokenRequest(shape: ProviderShape, request: SeenRequest): LoopbackAnswer {
  const form = new URLSearchParams(request.body);
  if (!isClient(shape, request, form)) return shape.badClient;
  const grant = form.get("grant_type");
  if (grant === "authorization_code") {
    const isGood = form.get("code") === "good-code" && form.get("code_verifier") !== null;
    return isGood && form.get("redirect_uri") !== null ? { body: shape.granted } : shape.badGrant;
  }
  if (grant !== "refresh_token") return { status: 400, body: { error: "unsupported_grant_type" } };
  const isGood = form.get("refresh_token")!.includes("refresh-token");
  return isGood ? { body: shape.refreshed } : shape.badGrant;
}

function isClient(shape: ProviderShape, { headers }: SeenRequest, form: URLSearchParams): boolean {
  if (shape.clientAuth === "basic") {
    return headers["authorization"] === `Basic ${btoa(`client.id:${PROVIDER_SECRET}`)}`;
  }
  return form.get("client_id") === "client.id" && form.get("client_secret") === PROVIDER_SECRET;
}
