import { onTestFinished, expect, it, vi } from "vitest";
import { startServer } from "../../../adapters/node/server.ts";
import { readSettings } from "../../../adapters/node/settings.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { callTool, temporaryFolder, withFixture } from "../../helpers/server-process.ts";

/** Lets what is not a timer go on: sockets, files, promises. */
const turn = () => new Promise((resolve) => void setImmediate(resolve));

it("a start waits ten seconds for a plugin that hangs, and serves the others", async () => {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  const env = withFixture(path, { startDelayMs: 60_000 });
  const settings = readSettings({ PORT: "0", MCP_DATA_DIR: `${path}/data`, ...env });
  const logger = createRecordingLogger();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());

  let listens = false;
  const starting = startServer(settings, logger).finally(() => (listens = true));
  const isReady = () => logger.records.some(({ message }) => message === "Getting ready");
  while (!isReady()) await turn();
  await vi.advanceTimersByTimeAsync(9_999);
  await turn();
  expect(listens).toBe(false);
  await vi.advanceTimersByTimeAsync(1);

  const server = await starting;
  const { status } = await callTool(server, server.created.clientKey!, "time_now");
  expect(status).toBe(200);
  const ready = await fetch(`${server.url}/readyz`);
  expect(ready.status).toBe(503);
  await ready.body?.cancel();

  const closing = server.close();
  await vi.advanceTimersByTimeAsync(60_000);
  await closing;
});
