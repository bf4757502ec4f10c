import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import { createExpress } from "../../adapters/node/express.ts";
import { requestOverHttp } from "./http-request.ts";
import { listenOnLoopback } from "./listen.ts";
import { createTestApp, withDefaults, type TestApp, type TestAppOptions } from "./test-app.ts";

export interface OpenApp extends TestApp {
  /** The port it listens on, or `null` in process. */
  readonly port: number | null;
}

/**
 * The ways a request can take to the app. Tests of the protocol run over each of them, because what the tests of one
 * way prove must hold behind the stack that is deployed. The app is closed when the test ends.
 */
export const WAYS: readonly {
  readonly way: string;
  readonly open: (options?: TestAppOptions) => Promise<OpenApp>;
}[] = [
  { way: "in process", open: openInProcess },
  { way: "through Express", open: openThroughExpress },
];

async function openInProcess(options?: TestAppOptions): Promise<OpenApp> {
  const app = await createTestApp(options);
  onTestFinished(() => app.close());
  return { ...app, port: null };
}

async function openThroughExpress(options?: TestAppOptions): Promise<OpenApp> {
  const app = await createTestApp(options);
  const { port, close } = await listenOnLoopback(createServer(createExpress(app)));
  onTestFinished(async () => {
    await app.close();
    await close();
  });
  return {
    ...app,
    port,
    request: (path, init) => requestOverHttp(port, path, withDefaults(init)),
  };
}
