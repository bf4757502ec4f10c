import type * as Aws from "@aws-sdk/client-secrets-manager";
import { setTimeout as pause } from "node:timers/promises";
import { AppError, messageOf, type CredentialDriver } from "../../../src/index.ts";
import { CLOUD_LIMITS, cloudFault, loadPackage } from "./cloud-call.ts";
import { createCloudDriver, type CloudOptions, type SecretStore } from "./cloud-driver.ts";

export interface AwsDriverOptions extends CloudOptions {
  /** What else the client is told. Region, credentials and endpoint come from the SDK's default chain otherwise. */
  readonly client?: Aws.SecretsManagerClientConfig;
  readonly load?: () => Promise<typeof Aws>;
}

const SERVICE = "AWS Secrets Manager";
/** The quota of a secret's text. */
const MAX_BYTES = 65_536;
const REQUESTS_PER_CALL = 4;
const CONNECT_MS = 2_000;
/** A name that was just deleted is taken for some seconds. */
const NAME_ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 200;
const IS_DELETED = /(?:marked|scheduled) (?:for deletion|deleted)/i;

/**
 * Sealed credentials in AWS Secrets Manager, as `<prefix>/<instance>/<hash>`. Throttled and failed requests are repeated by
 * the SDK, within limits of time; there is nothing to fall back to.
 *
 * Needs the permissions GetSecretValue, PutSecretValue, CreateSecret, DeleteSecret and RestoreSecret on `<prefix>/*`.
 * Secrets Manager keeps up to a hundred versions of a secret that changes more often than every ten minutes; they are sealed.
 *
 * @throws AppError `CONFIG_INVALID` when the SDK is not installed, or no region is set
 */
export async function createAwsDriver(options: AwsDriverOptions): Promise<CredentialDriver> {
  const { limits = CLOUD_LIMITS, load = () => import("@aws-sdk/client-secrets-manager") } = options;
  const sdk = await loadPackage("MCP_VAULT=aws", "@aws-sdk/client-secrets-manager", load);
  const client = new sdk.SecretsManagerClient({
    maxAttempts: REQUESTS_PER_CALL,
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_MS, limits.attemptMs),
      requestTimeout: limits.attemptMs,
      // Without this the SDK writes a warning and waits on.
      throwOnRequestTimeout: true,
    },
    ...options.client,
  });
  await assertRegion(client);
  return createCloudDriver((prefix) => createAwsStore(sdk, client, prefix), options);
}

function createAwsStore(
  sdk: typeof Aws,
  client: Aws.SecretsManagerClient,
  prefix: string,
): SecretStore {
  const put = (SecretId: string, SecretString: string, abortSignal: AbortSignal) =>
    attempt("PutSecretValue", () =>
      client.send(new sdk.PutSecretValueCommand({ SecretId, SecretString }), { abortSignal }),
    );
  const create = (Name: string, SecretString: string, instance: string, abortSignal: AbortSignal) =>
    attempt("CreateSecret", () => {
      const Description = `Sealed by the vault of mcp-plugin-server, for its plugin ${instance}.`;
      const command = new sdk.CreateSecretCommand({ Name, SecretString, Description });
      return client.send(command, { abortSignal });
    });
  const restore = (SecretId: string, abortSignal: AbortSignal) =>
    attempt("RestoreSecret", () =>
      client.send(new sdk.RestoreSecretCommand({ SecretId }), { abortSignal }),
    );
  // Without a recovery window: what was deleted is to be gone, and its name is free again within seconds.
  const destroy = (SecretId: string, abortSignal: AbortSignal) =>
    attempt("DeleteSecret", () => {
      const command = new sdk.DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true });
      return client.send(command, { abortSignal });
    });
  return {
    kind: "aws",
    service: SERVICE,
    maxBytes: MAX_BYTES,
    nameOf: (instanceId, hash) => `${prefix}/${instanceId}/${hash}`,
    async get(SecretId, abortSignal) {
      const got = await attempt("GetSecretValue", () =>
        client.send(new sdk.GetSecretValueCommand({ SecretId }), { abortSignal }),
      );
      return got.state === "done" ? (got.value.SecretString ?? null) : null;
    },
    async set(name, value, instance, signal) {
      for (let tries = 1; tries <= NAME_ATTEMPTS; tries++) {
        const { state } = await put(name, value, signal);
        if (state === "done") return;
        if (state === "deleted") {
          await restore(name, signal);
        } else if ((await create(name, value, instance, signal)).state === "done") {
          return;
        }
        if (tries > 1) await pause(BETWEEN_ATTEMPTS_MS * tries, undefined, { signal });
      }
      throw new AppError("VAULT_UNAVAILABLE", `${SERVICE} is still deleting ${name}.`);
    },
    async remove(name, signal) {
      for (let tries = 1; tries <= NAME_ATTEMPTS; tries++) {
        const { state } = await destroy(name, signal);
        if (state !== "deleted") return;
        // Somebody deleted it with a recovery window. If it cannot be restored any more, it is gone.
        if ((await restore(name, signal)).state === "absent") return;
        if (tries > 1) await pause(BETWEEN_ATTEMPTS_MS * tries, undefined, { signal });
      }
      throw new AppError("VAULT_UNAVAILABLE", `${SERVICE} is still deleting ${name}.`);
    },
    close: () => client.destroy(),
  };
}

type Outcome<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "absent" | "exists" | "deleted" };

/** Tells what the state of a name does not allow from what the service does not do. */
async function attempt<T>(action: string, send: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { state: "done", value: await send() };
  } catch (error) {
    switch (error instanceof Error ? error.name : "") {
      case "ResourceNotFoundException":
        return { state: "absent" };
      case "ResourceExistsException":
        return { state: "exists" };
      case "InvalidRequestException":
        if (IS_DELETED.test(messageOf(error))) return { state: "deleted" };
        throw cloudFault(SERVICE, error);
      case "AccessDeniedException":
        throw cloudFault(SERVICE, error, `The permission secretsmanager:${action} is needed.`);
      case "CredentialsProviderError":
        throw cloudFault(SERVICE, error, "The server needs AWS credentials, such as a role.");
      default:
        throw cloudFault(SERVICE, error);
    }
  }
}

async function assertRegion(client: Aws.SecretsManagerClient): Promise<void> {
  try {
    await client.config.region();
  } catch (error) {
    throw new AppError(
      "CONFIG_INVALID",
      `MCP_VAULT=aws needs a region: set AWS_REGION. (${messageOf(error)})`,
      { cause: error },
    );
  }
}
