import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import { createNodeOutbound } from "../../adapters/node/outbound.ts";
import { sha256, systemTime } from "../../adapters/node/runtime.ts";
import {
  createApp,
  createInProcessHost,
  createMemoryInstances,
  createMemoryOAuthFlows,
  createMemoryOAuthGrants,
  createMemorySignIns,
  createMemorySessions,
  createMemoryToolSettings,
  createScrubber,
  openVault,
  PUBLIC_ONLY,
  toKeyRecord,
  type App,
  type AppDeps,
  type InstanceEntry,
} from "../../src/index.ts";
import { canary, noteAnswer } from "./canary.ts";
import { createRecordingAudit } from "./recording-audit.ts";
import { createRecordingLogger, type LogRecord } from "./logger.ts";
import { createRecordingSink, createVaultPlace } from "./vault.ts";

export const CLIENT_KEY = canary("mcpk_test_client_key_");
export const OTHER_CLIENT_KEY = canary("mcpk_other_client_key_");
export const ADMIN_TOKEN = canary("mcpa_test_admin_token_");
/** Where browsers find it. */
export const PUBLIC_URL = "http://localhost:3000";
/** What a browser sends of itself for a request of a page of the server's own. */
export const OWN_PAGE = { origin: PUBLIC_URL, "sec-fetch-site": "same-origin" };

export interface TestApp extends App {
  readonly vault: AppDeps["vault"];
  readonly logs: readonly LogRecord[];
  /** A request as from this machine, with the client's key unless `headers` has another authorization. */
  request(path: string, init?: TestRequest): Promise<Response>;
}

/** A request's parts, and the bearer secret to send with it: the client's when left out, none when `null`. */
export type TestRequest = RequestInit & { key?: string | null };

export interface TestAppOptions {
  /** Plugin objects, classes or factories by instance id. */
  readonly plugins?: Readonly<Record<string, unknown>>;
  /** Entries over the default one of each plugin. */
  readonly entries?: Readonly<Record<string, Partial<InstanceEntry>>>;
  readonly deps?: Partial<AppDeps>;
  /** `PUBLIC_URL` when left out. */
  readonly publicUrl?: () => string;
  /** Whether it is started; true when left out. */
  readonly started?: boolean;
}

/** The whole server in memory, with the drivers of Node. */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const plugins = options.plugins ?? {};
  const logger = createRecordingLogger();
  const scrubber = createScrubber();
  const { vault, turns } = await openVault({
    ...createVaultPlace(),
    auditSinks: [createRecordingSink()],
    scrubber,
    time: systemTime,
    logger,
  });
  const key = async (secret: string, kind: "client" | "user", id: string, scope: string) =>
    toKeyRecord(secret, { id, name: id, kind, scopes: [scope], createdAt: 0 }, sha256);
  const app = await createApp({
    identity: { name: "test-server", version: "1.0.0" },
    config: { allowedHosts: ["localhost"], allowedOrigins: [], auth: "keys", sse: true },
    entries: Object.fromEntries(
      Object.keys(plugins).map((id) => [id, { package: `./${id}`, ...options.entries?.[id] }]),
    ),
    instances: createMemoryInstances(),
    toolSettings: createMemoryToolSettings(),
    discovery: {
      discover: async () => ({
        packages: Object.keys(plugins).map((id) => ({ ref: `./${id}`, entry: id, manifest: null })),
        errors: [],
      }),
    },
    hosts: {
      "in-process": createInProcessHost({
        importModule: async (entry) => ({ default: plugins[entry] }),
      }),
    },
    keys: [
      await key(CLIENT_KEY, "client", "client-1", "mcp"),
      await key(OTHER_CLIENT_KEY, "client", "client-2", "mcp"),
      await key(ADMIN_TOKEN, "user", "admin-1", "admin"),
    ],
    keyStore: null,
    vault,
    audit: createRecordingAudit(),
    auditTrail: null,
    scrubber,
    stateKey: new Uint8Array(32).fill(7),
    sessions: createMemorySessions(),
    oauth: {
      flows: createMemoryOAuthFlows(),
      grants: createMemoryOAuthGrants(),
      signIns: createMemorySignIns(),
      turns,
      publicUrl: options.publicUrl ?? (() => PUBLIC_URL),
    },
    // This machine alone.
    outbound: createNodeOutbound({ ...PUBLIC_ONLY, allowLoopback: true }),
    engine: createAjvEngine(),
    sha256,
    time: systemTime,
    logger,
    isStorageReady: async () => true,
    ...options.deps,
  });
  if (options.started !== false) await app.start();
  return {
    ...app,
    vault: options.deps?.vault ?? vault,
    logs: logger.records,
    request: async (path, init) =>
      noteAnswer(await app.fetch(new Request(new URL(path, PUBLIC_URL), withDefaults(init)))),
  };
}

/** The request with the headers that every request of this machine's client has. */
export function withDefaults({ key: secret = CLIENT_KEY, ...init }: TestRequest = {}): RequestInit {
  const headers = new Headers(init.headers);
  if (!headers.has("host")) headers.set("host", new URL(PUBLIC_URL).host);
  if (secret !== null && !headers.has("authorization")) {
    headers.set("authorization", `Bearer ${secret}`);
  }
  return { ...init, headers };
}
