import { onTestFinished } from "vitest";
import { createExpress } from "../../adapters/node/express.ts";
import { createHttpServer } from "../../adapters/node/http-server.ts";
import { WebSockets, type WebSocketsDeps } from "../../adapters/node/websocket.ts";
import { createFakeTime } from "./fake-time.ts";
import { listenOnLoopback } from "./listen.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { CLIENT_KEY, createTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";
import { openSocket, type SocketClient, type SocketOptions } from "./websocket.ts";

export interface WebSocketApp {
  readonly app: TestApp;
  readonly port: number;
  /** The clock of the WebSockets alone: that of the app runs. */
  readonly time: ReturnType<typeof createFakeTime>;
  /** What the WebSockets say; the app has `logs` of its own. */
  readonly logs: readonly LogRecord[];
  /** A WebSocket of the client's. */
  open(options?: SocketOptions): Promise<SocketClient>;
}

/** An app in memory behind Node's HTTP server and its WebSockets. Closed when the test ends. */
export async function openWebSocketApp(
  options: TestAppOptions = {},
  deps: Partial<WebSocketsDeps> = {},
): Promise<WebSocketApp> {
  const app = await createTestApp(options);
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const webSockets = new WebSockets({ app, time, logger, ...deps });
  const server = createHttpServer(createExpress(app), null);
  webSockets.attach(server);
  const { port, close } = await listenOnLoopback(server);
  onTestFinished(async () => {
    await app.close();
    webSockets.destroy();
    await close();
  });
  return {
    app,
    port,
    time,
    logs: logger.records,
    open: (socketOptions) =>
      openSocket(`http://localhost:${port}/mcp`, { authorizedBy: CLIENT_KEY, ...socketOptions }),
  };
}
