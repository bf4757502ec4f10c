import type { Logger } from "../types/logger.ts";
import type { ServerSettingsStore } from "../types/server-settings.ts";
import { NO_RATE_LIMITS, type RateLimits } from "./limits/rate-limits.ts";
import type { ServerSettingName } from "./server-setting-schemas.ts";
import { ServerSettings, type AdjustableSettings } from "./server-settings.ts";

/** What a runtime has to do with the server's own settings. Those that take effect in the app are not among them. */
export interface AdjustableServer extends Pick<AdjustableSettings, "logLevel" | "auditDays"> {
  readonly store: ServerSettingsStore;
  /** Settings that the environment has decided. */
  readonly fixed: readonly ServerSettingName[];
}

export interface LiveSettingsDeps {
  /** Nothing can be changed while the server runs when it is left out. */
  readonly serverSettings?: AdjustableServer | undefined;
  /** No limits when left out. */
  readonly rateLimits?: RateLimits | undefined;
  readonly logger: Logger;
}

/** Settings of the app that others may change while it runs: to be asked for each time. */
export interface LiveSettings {
  readonly rateLimits: () => RateLimits;
  readonly allowedOrigins: () => readonly string[];
  /** By which all of them are changed, the runtime's too; `null` where none can be. */
  readonly server: ServerSettings | null;
}

/** Opens them, with what is stored in effect already. */
export async function openLiveSettings({
  serverSettings,
  rateLimits = NO_RATE_LIMITS,
  logger,
}: LiveSettingsDeps): Promise<LiveSettings> {
  const live = { rateLimits, allowedOrigins: [] as readonly string[] };
  const server = serverSettings === undefined ? null : open(serverSettings, live, logger);
  await server?.reload();
  return { server, rateLimits: () => live.rateLimits, allowedOrigins: () => live.allowedOrigins };
}

function open(
  { store, fixed, ...ofRuntime }: AdjustableServer,
  live: { rateLimits: RateLimits; allowedOrigins: readonly string[] },
  logger: Logger,
): ServerSettings {
  const adjustable: AdjustableSettings = {
    ...ofRuntime,
    rateLimits: { given: live.rateLimits, apply: (limits) => void (live.rateLimits = limits) },
    allowedOrigins: {
      given: live.allowedOrigins,
      apply: (origins) => void (live.allowedOrigins = origins),
    },
  };
  return new ServerSettings({ store, adjustable, fixed: new Set(fixed), logger });
}
