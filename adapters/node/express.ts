import { getRequestListener } from "@hono/node-server";
import express, { type Express } from "express";
import type { App } from "../../src/index.ts";

/**
 * The Express application of the primary deployment. The server's app comes first and reads raw bodies itself, so a
 * program that adds routes and body parsers of its own must do so behind it, or on other paths.
 */
export function createExpress(app: Pick<App, "fetch">): Express {
  const listener = getRequestListener(
    (request, { incoming }) =>
      app.fetch(request, { address: incoming.socket.remoteAddress ?? null }),
    { overrideGlobalObjects: false },
  );
  const server = express();
  server.disable("x-powered-by");
  server.disable("etag");
  server.use((request, response) => {
    // An address as the target would be a second host, beside the one that is checked; a fragment stays in browsers.
    if (/^\/[^#]*$/.test(request.url)) void listener(request, response);
    else response.status(400).end();
  });
  return server;
}
