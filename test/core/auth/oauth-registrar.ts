import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";
import { metadataOf } from "./oauth-fixture.ts";

/** A server that lets clients register themselves, and answers with this. */
export async function openRegistrar(
  answer: LoopbackAnswer,
  more: object = {},
): Promise<LoopbackServer> {
  const server: LoopbackServer = await startLoopbackServer({
    "GET /.well-known/oauth-authorization-server": () => ({
      body: {
        ...metadataOf(server.origin),
        registration_endpoint: `${server.origin}/register`,
        ...more,
      },
    }),
    "POST /register": answer,
    "POST /token": { body: { access_token: "a-token", token_type: "Bearer" } },
  });
  return server;
}
