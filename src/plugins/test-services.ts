import { AppError } from "../errors.ts";
import type { HostServices } from "../types/host.ts";
import type { LogFields, Logger } from "../types/logger.ts";
import type { LogLevel } from "../types/plugin.ts";
import { utf8 } from "../util/bytes.ts";
import { assertCredentialName, assertCredentialValue } from "../util/credential-names.ts";

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
  readonly fetch: HostServices["fetch"];
}

export function createRecord(): TestRecord {
  return { progress: [], clientLog: [], serverLog: [], changes: [] };
}

/** The services of a server with these credentials and nothing else. */
export function createTestServices(
  { pluginId, credentials, accessToken, fetch }: TestCredentials,
  record: TestRecord,
): HostServices {
  const stored = new Map(Object.entries(credentials));
  const notConnected = () =>
    new AppError("NOT_CONNECTED", `No account is connected to "${pluginId}".`);
  const notStored = (key: string) =>
    new AppError(
      "CREDENTIAL_NOT_FOUND",
      `Nobody has stored the credential "${key}" of "${pluginId}".`,
    );
  return {
    logger: createRecordingLogger(record.serverLog, {}),
    async getCredential(key) {
      assertCredentialName(key);
      return stored.get(key) ?? null;
    },
    async setCredential(key, value) {
      assertCredentialName(key);
      assertCredentialValue(value);
      stored.set(key, value);
    },
    async signJwt(request) {
      // Most plugins' threads never need the library behind it.
      const { checkJwtRequest } = await import("../util/jwt-request.ts");
      const { signJwt } = await import("../util/jwt-signer.ts");
      // oxlint-disable-next-line no-restricted-properties -- a plugin under test runs by the real clock
      const jwt = checkJwtRequest(request, Date.now(), crypto.randomUUID());
      const secret = stored.get(jwt.key);
      if (secret === undefined) throw notStored(jwt.key);
      return signJwt(jwt, utf8(secret));
    },
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
    fetch,
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
