import { AppError } from "../errors.ts";
import type { HostServices } from "../types/host.ts";
import type { LogFields, Logger } from "../types/logger.ts";
import type { LogLevel } from "../types/plugin.ts";

/** What a plugin in a test host has done so far. */
export interface TestRecord {
  readonly progress: { progress: number; total?: number; message?: string }[];
  /** What it sent to the client. */
  readonly clientLog: { level: LogLevel; data: unknown }[];
  /** What it wrote to the server's log. */
  readonly serverLog: { level: keyof Omit<Logger, "with">; message: string; fields: LogFields }[];
  /** `tools`, `resources`, `prompts`, or the address of a resource. */
  readonly changes: string[];
}

export interface TestCredentials {
  readonly pluginId: string;
  readonly credentials: Record<string, string>;
  readonly accessToken: string | undefined;
}

export function createRecord(): TestRecord {
  return { progress: [], clientLog: [], serverLog: [], changes: [] };
}

/** The services of a server with these credentials and nothing else. */
export function createTestServices(
  { pluginId, credentials, accessToken }: TestCredentials,
  record: TestRecord,
): HostServices {
  const stored = new Map(Object.entries(credentials));
  const notConnected = () =>
    new AppError("NOT_CONNECTED", `No account is connected to "${pluginId}".`);
  return {
    logger: createRecordingLogger(record.serverLog, {}),
    getCredential: async (key) => stored.get(key) ?? null,
    setCredential: async (key, value) => void stored.set(key, value),
    isAuthenticated: async () => accessToken !== undefined,
    async getAccessToken() {
      if (accessToken === undefined) throw notConnected();
      return accessToken;
    },
    getTokenInfo: async () =>
      accessToken === undefined
        ? null
        : { accessToken, expiresAt: Number.MAX_SAFE_INTEGER, scope: "", tokenType: "Bearer" },
    async requireReauth() {
      throw notConnected();
    },
    changed: (list) => void record.changes.push(list),
    resourceUpdated: (uri) => void record.changes.push(uri),
  };
}

function createRecordingLogger(log: TestRecord["serverLog"], bound: LogFields): Logger {
  const write =
    (level: TestRecord["serverLog"][number]["level"]) =>
    (message: string, fields: LogFields = {}) =>
      void log.push({ level, message, fields: { ...bound, ...fields } });
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => createRecordingLogger(log, { ...bound, ...fields }),
  };
}
