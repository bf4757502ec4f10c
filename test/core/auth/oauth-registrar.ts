import {
  startLoopbackServer,
  type LoopbackAnswer,
  type LoopbackServer,
} from "../../helpers/loopback-server.ts";

/** A server that lets clients register themselves, and answers with this. */
export async function openRegistrar(
  answer: LoopbackAnswer,
  more: object = {},
): Promise<LoopbackServer> {
  const server: LoopbackServer = await startLoopbackServer({
    "GET /.well-known/oauth-authorization-server": () => ({
      body: {
        issuer: server.origin,
        authorization_endpoint: `${server.origin}/authorize`,
        token_endpoint: `${server.origin}/token`,
        registration_endpoint: `${server.origin}/register`,
        ...more,
      },
    }),
    "POST /register": answer,
    "POST /token": { body: { access_token: "a-token", token_type: "Bearer" } },
  });
  return server;
}
