import type { Server } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Listening {
  readonly port: number;
  /** Of a server without TLS. */
  readonly origin: string;
  /** Ends the server and every connection to it. */
  readonly close: () => Promise<void>;
}

/** Lets a server listen on loopback, at a port that nobody had. */
export async function listenOnLoopback(server: Server | HttpsServer): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
