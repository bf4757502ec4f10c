import type { OAuthClientSpec } from "../../../src/core/auth/oauth-client.ts";
import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";
import { STATE, toSpec, VERIFIER } from "./oauth-fixture.ts";

export const GOOD = { access_token: "a-token", token_type: "Bearer", expires_in: 3600 };
/** One that has come back with a code. */
export const flow = {
  state: STATE,
  codeVerifier: VERIFIER,
  issuer: null,
  callback: new URLSearchParams({ state: STATE, code: "good-code" }),
};

/** A token endpoint that answers everything with this, and the client of an instance there. */
export async function openTokenEndpoint(
  answer: LoopbackAnswer,
  scopes: string[] = ["read", "write"],
): Promise<{ spec: OAuthClientSpec; server: LoopbackServer }> {
  const server = await startLoopbackServer({ "POST /token": answer });
  const urls = { authorization: `${server.origin}/authorize`, token: `${server.origin}/token` };
  const { spec } = toSpec({
    declared: { scopes, urls },
    settings: { clientId: "client" },
    secret: "a-secret",
  });
  return { spec, server };
}
