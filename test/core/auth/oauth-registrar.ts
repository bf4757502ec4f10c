import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";
import { metadataOf } from "./oauth-fixture.ts";

/** A server that lets clients register themselves, and answers with this; its metadata say `more`. */
export async function openRegistrar(
  answer: LoopbackAnswer,
  more: object = {},
  token: LoopbackAnswer | (() => LoopbackAnswer) = {
    body: { access_token: "a-token", token_type: "Bearer" },
  },
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
    "POST /token": token,
  });
  return server;
}
