import type * as Identity from "@azure/identity";
import type * as KeyVault from "@azure/keyvault-secrets";
import { setTimeout as pause } from "node:timers/promises";
import { AppError, type CredentialDriver } from "../../../src/index.ts";
import { azureState, type AzureState } from "./azure-answers.ts";
import { CLOUD_LIMITS, cloudFault, loadPackage } from "./cloud-call.ts";
import { createCloudDriver, type CloudOptions, type SecretStore } from "./cloud-driver.ts";
import { limitAttempts } from "./azure-attempts.ts";

/** A prefix may have 32 letters, digits and `-` here. */
export interface AzureDriverOptions extends CloudOptions {
  /** Such as `https://my-vault.vault.azure.net`. */
  readonly vaultUrl: string;
  /** What else the client is told. */
  readonly client?: KeyVault.SecretClientOptions;
  /** Instead of Azure's default chain. */
  readonly credential?: Identity.TokenCredential;
  readonly load?: () => Promise<AzureSdk>;
}

export interface AzureSdk {
  readonly SecretClient: typeof KeyVault.SecretClient;
  readonly DefaultAzureCredential: typeof Identity.DefaultAzureCredential;
}

const SERVICE = "Azure Key Vault";
/** The quota of a secret's value is 25 k. */
const MAX_BYTES = 25_000;
/** Of a hash in hex: names have room for 127 characters. 192 bits clash no more than 256. */
const HASH_CHARS = 48;
const RETRIES = { maxRetries: 3, retryDelayInMs: 300, maxRetryDelayInMs: 2_000 };
const BETWEEN_ATTEMPTS_MS = 100;
const MAX_BETWEEN_ATTEMPTS_MS = 2_000;

/**
 * Sealed credentials in an Azure Key Vault, as `<prefix>-<instance>-<hash>`. Throttled and failed requests are repeated by the
 * SDK, within limits of time; there is nothing to fall back to.
 *
 * Needs the secret permissions get, set, delete, recover and purge. Without purge, or in a vault with purge protection,
 * what was removed can be recovered, sealed, until its retention has ended. Key Vault keeps every version of a secret
 * as long as the secret: they are sealed, too.
 *
 * @throws AppError `CONFIG_INVALID` when the SDK is not installed, or the address cannot be that of a key vault
 */
export async function createAzureDriver(options: AzureDriverOptions): Promise<CredentialDriver> {
  const { vaultUrl, limits = CLOUD_LIMITS, load = loadAzure } = options;
  if (!URL.canParse(vaultUrl) || new URL(vaultUrl).protocol !== "https:") {
    throw new AppError(
      "CONFIG_INVALID",
      `A key vault's address begins with https, not ${vaultUrl}`,
    );
  }
  const packages = "@azure/keyvault-secrets @azure/identity";
  const sdk = await loadPackage("MCP_VAULT=azure", packages, load);
  const credential = options.credential ?? new sdk.DefaultAzureCredential();
  const client = new sdk.SecretClient(vaultUrl, credential, {
    retryOptions: RETRIES,
    additionalPolicies: [{ policy: limitAttempts(limits.attemptMs), position: "perRetry" }],
    ...options.client,
  });
  return createCloudDriver((prefix) => createAzureStore(client, prefix), options);
}

async function loadAzure(): Promise<AzureSdk> {
  const [{ SecretClient }, { DefaultAzureCredential }] = await Promise.all([
    import("@azure/keyvault-secrets"),
    import("@azure/identity"),
  ]);
  return { SecretClient, DefaultAzureCredential };
}

function createAzureStore(client: KeyVault.SecretClient, prefix: string): SecretStore {
  return {
    kind: "azure",
    service: SERVICE,
    maxBytes: MAX_BYTES,
    nameOf: (instanceId, hash) => `${prefix}-${instanceId}-${hash.slice(0, HASH_CHARS)}`,
    async get(name, abortSignal) {
      const got = await attempt("get", () => client.getSecret(name, { abortSignal }));
      return got.state === "done" ? (got.value.value ?? null) : null;
    },
    async set(name, value, instanceId, abortSignal) {
      const tags = { "mcp-plugin-server": instanceId };
      const options = { contentType: "application/json", tags, abortSignal };
      await untilFree(abortSignal, async () => {
        const { state } = await attempt("set", () => client.setSecret(name, value, options));
        if (state === "absent") {
          throw new AppError("VAULT_UNAVAILABLE", `There is no key vault at ${client.vaultUrl}`);
        }
        // Nothing else can be stored under a deleted name until it is back.
        if (state === "deleted") {
          await attempt("recover", () => client.beginRecoverDeletedSecret(name, { abortSignal }));
        }
        return state === "done";
      });
    },
    async remove(name, abortSignal) {
      let poller: DeletePoller | null = null;
      await untilFree(abortSignal, async () => {
        if (poller === null) {
          const begun = await attempt("delete", () =>
            client.beginDeleteSecret(name, { abortSignal }),
          );
          if (begun.state === "busy") return false;
          if (begun.state === "done") poller = begun.value;
        } else if (!poller.isDone()) {
          await poll(poller, abortSignal);
        }
        if (poller?.isDone() === false) return false;
        // Also one that is not there: it may have been deleted, and not purged.
        const { state } = await attempt("purge", () =>
          client.purgeDeletedSecret(name, { abortSignal }),
        );
        return state !== "busy";
      });
    },
    close: () => {},
  };
}

type DeletePoller = Awaited<ReturnType<KeyVault.SecretClient["beginDeleteSecret"]>>;

async function poll(poller: DeletePoller, abortSignal: AbortSignal): Promise<void> {
  await attempt("get", () => poller.poll({ abortSignal }));
}

/** Repeats something until it says that it is done; the signal sets the limit. */
async function untilFree(signal: AbortSignal, isDone: () => Promise<boolean>): Promise<void> {
  for (let ms = BETWEEN_ATTEMPTS_MS; !(await isDone()); ms *= 1.5) {
    await pause(Math.min(ms, MAX_BETWEEN_ATTEMPTS_MS), undefined, { signal });
  }
}

type Outcome<T> = { readonly state: "done"; readonly value: T } | { readonly state: AzureState };

/** Tells what the state of a name does not allow from what the service does not do. */
async function attempt<T>(permission: string, send: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { state: "done", value: await send() };
  } catch (error) {
    const state = azureState(error);
    if (state === "denied" && permission === "purge") return { state };
    if (state === "denied") {
      throw cloudFault(SERVICE, error, `The secret permission "${permission}" is needed.`);
    }
    if (state === null) throw cloudFault(SERVICE, error);
    return { state };
  }
}
