import type { HostedPlugin, PluginHost } from "../types/host.ts";
import type { Logger } from "../types/logger.ts";
import type { Outbound } from "../types/outbound.ts";
import type { Time } from "../types/runtime.ts";
import type { Scrubber } from "../types/scrubber.ts";
import type { Owner, Vault } from "../types/vault.ts";
import type { PluginAccounts } from "./auth/plugin-accounts.ts";
import type { OwnerLimits } from "./owner-objects.ts";
import type { PrepareDeps } from "./plugin-catalog.ts";
import type { PluginState } from "./plugin-state.ts";
import type { StepLimits } from "./plugin-steps.ts";

export interface PluginInstanceDeps extends PrepareDeps {
  /** `null` when this server has no host of the kind that the settings name. */
  readonly host: PluginHost | null;
  readonly logger: Logger;
  readonly time: Time;
  readonly limits: StepLimits;
  readonly vault: Vault;
  readonly accounts: PluginAccounts;
  readonly outbound: Outbound;
  readonly createScrubber: () => Scrubber;
  /** The server's own, for all that it says. */
  readonly scrubber: Scrubber;
  /** Whose object it is, where the instance has one for each; `null` for the instance itself. */
  readonly owner: Owner | null;
  readonly ownerLimits: OwnerLimits;
  /** Its catalog is another one now. */
  readonly onCatalogChanged: () => void;
  readonly onResourceUpdated: (uri: string) => void;
  /** The instance itself has come to another state; not told of its users' objects. */
  readonly onMoved: (before: PluginState, state: PluginState) => void;
  /** Its plugin is gone although nobody stopped it; `fail` says so to the instance. */
  readonly onEnded: (plugin: HostedPlugin, reason: string) => void;
  /** It is called while it waits for credentials: looks again, and starts it if they are there. */
  readonly onHeldCall: () => Promise<void>;
}

/** Why an instance does not run. `retry`: whether trying again with the same code and settings may help. */
export interface InstanceError {
  readonly message: string;
  readonly retry: boolean;
}
