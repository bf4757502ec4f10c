import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { sha256, systemTime } from "../../adapters/node/runtime.ts";
import { createMcpHandler, PROTOCOL_VERSIONS } from "../../src/core/mcp-handler.ts";
import { createStateSealer } from "../../src/core/request-state.ts";
import { SseServer } from "../../src/core/sse-server.ts";
import { createTelemetry, type TelemetryDeps } from "../../src/core/telemetry/telemetry.ts";
import {
  createMemorySessions,
  uuidv7,
  type MessageChannel,
  type Principal,
  type ServedChannel,
} from "../../src/index.ts";
import type { LegacySessions } from "../../src/types/sessions.ts";
import { createRecordingLogger } from "./logger.ts";
import { createTestManager } from "./manager.ts";
import { withDefaults, type TestApp } from "./test-app.ts";

const PRINCIPAL: Principal = { kind: "client", id: "client-1", scopes: ["mcp"] };

export interface WatchedServerOptions {
  readonly plugins: Readonly<Record<string, unknown>>;
  readonly sessions?: LegacySessions | null;
  readonly principal?: Principal;
  /** Whether a new life of a plugin is ready before the old one goes. */
  readonly overlaps?: boolean;
  readonly deps?: Partial<TelemetryDeps>;
}

/** Everything between a transport and the plugins, with all that listens to it; without routes and keys. */
export async function createWatchedServer(options: WatchedServerOptions) {
  const { principal = PRINCIPAL, sessions = createMemorySessions() } = options;
  const time = systemTime;
  const logger = createRecordingLogger();
  const { manager, end } = createTestManager({
    plugins: options.plugins,
    overlaps: options.overlaps ?? false,
    deps: { time },
  });
  const telemetry = createTelemetry({
    version: "1.0.0",
    revisions: PROTOCOL_VERSIONS,
    manager,
    audit: null,
    runtime: null,
    time,
    ...options.deps,
  });
  const mcp = createMcpHandler({
    identity: { name: "test-server", version: "1.0.0" },
    manager,
    engine: createAjvEngine(),
    sealer: await createStateSealer(new Uint8Array(32).fill(7), time),
    accounts: { linkFor: async () => null, isConnected: async () => false },
    callsPerMinute: () => null,
    sessions,
    sha256,
    observer: telemetry.observer,
    time,
    logger,
  });
  const serve = (channel: MessageChannel): ServedChannel | null => mcp.serve(channel, principal);
  const sse = new SseServer({ serve, sha256, time, logger });
  await manager.start();

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const requestId = uuidv7(time.now());
    if (pathname === "/mcp") return mcp.fetch(request, principal, requestId);
    return pathname === "/sse"
      ? (await sse.open(principal))!
      : sse.receive(request, principal, requestId);
  }

  const request: TestApp["request"] = (path, init) =>
    answer(new Request(new URL(path, "http://localhost:3000"), withDefaults(init)));

  return {
    ...telemetry,
    manager,
    /** Ends a plugin from outside, as when its thread dies. */
    end,
    logs: logger.records,
    request,
    serve,
    serveLocal: serve,
    async close() {
      await manager.stop();
      await mcp.close();
      telemetry.close();
    },
  };
}
