import { ClientSecretCredential } from "@azure/identity";
import type { SecretClientOptions } from "@azure/keyvault-secrets";
import { onTestFinished } from "vitest";
import { createAzureDriver } from "../../../../adapters/node/credential-drivers/azure.ts";
import type { CloudLimits } from "../../../../adapters/node/credential-drivers/cloud-call.ts";
import type { OpenedDriver } from "../../../contract/credential-driver.ts";
import type { AtEnd } from "./open-aws.ts";
import {
  FAKE_AZURE_CLIENT,
  startFakeKeyVault,
  type FakeKeyVault,
  type FakeKeyVaultOptions,
} from "../../../helpers/fake-key-vault.ts";

export interface OpenedAzure extends OpenedDriver {
  readonly fake: FakeKeyVault;
}

export interface OpenAzureOptions extends FakeKeyVaultOptions {
  readonly atEnd?: AtEnd;
  readonly limits?: CloudLimits;
  readonly client?: SecretClientOptions;
}

/** The real client on a key vault of its own, without a cache. */
export async function openAzure(options: OpenAzureOptions = {}): Promise<OpenedAzure> {
  const { atEnd = onTestFinished } = options;
  const fake = await startFakeKeyVault(options);
  atEnd(() => fake.close());
  return openDriver(fake, options);
}

export async function openDriver(
  fake: FakeKeyVault,
  options: OpenAzureOptions = {},
): Promise<OpenedAzure> {
  const { atEnd = onTestFinished, limits, client = {} } = options;
  const driver = await createAzureDriver({
    vaultUrl: fake.url,
    prefix: "mcp-test",
    cacheMs: 0,
    ...(limits && { limits }),
    client: { ...trusting(fake), ...client },
    credential: credentialOf(fake),
  });
  atEnd(() => driver.close?.());
  return {
    fake,
    driver,
    reopen: async () => {
      await driver.close?.();
      return openDriver(fake, options);
    },
  };
}

/** The fake's address is no part of the resource that its challenge names. */
export function trusting({ ca }: FakeKeyVault): SecretClientOptions {
  return { disableChallengeResourceVerification: true, tlsOptions: { ca } };
}

export function credentialOf(
  { url, ca }: FakeKeyVault,
  secret = FAKE_AZURE_CLIENT.secret,
): ClientSecretCredential {
  const { tenant, id } = FAKE_AZURE_CLIENT;
  return new ClientSecretCredential(tenant, id, secret, {
    authorityHost: url,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
}
