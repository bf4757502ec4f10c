import type * as Aws from "@aws-sdk/client-secrets-manager";
import { onTestFinished } from "vitest";
import { createAwsDriver } from "../../../../adapters/node/credential-drivers/aws.ts";
import type { CloudLimits } from "../../../../adapters/node/credential-drivers/cloud-call.ts";
import type { OpenedDriver } from "../../../contract/credential-driver.ts";
import {
  FAKE_AWS_KEY,
  startFakeSecretsManager,
  type FakeSecretsManager,
} from "../../../helpers/fake-secrets-manager.ts";

export interface OpenedAws extends OpenedDriver {
  readonly fake: FakeSecretsManager;
}

/** How what was opened is ended; tests that run at the same time bring their own. */
export type AtEnd = (end: () => Promise<void> | undefined) => void;

export interface OpenAwsOptions {
  readonly atEnd?: AtEnd;
  readonly limits?: CloudLimits;
  readonly client?: Aws.SecretsManagerClientConfig;
}

/** For what never answers; a slow machine must have answered by then. */
export const SHORT_LIMITS = { attemptMs: 700, readMs: 10_000, changeMs: 10_000 };

/** The real client on a Secrets Manager of its own, without a cache. */
export async function openAws(options: OpenAwsOptions = {}): Promise<OpenedAws> {
  const { atEnd = onTestFinished } = options;
  const fake = await startFakeSecretsManager();
  atEnd(() => fake.close());
  return openDriver(fake, options);
}

export async function openDriver(
  fake: FakeSecretsManager,
  options: OpenAwsOptions = {},
): Promise<OpenedAws> {
  const { atEnd = onTestFinished, limits, client = {} } = options;
  const driver = await createAwsDriver({
    prefix: "mcp-test",
    cacheMs: 0,
    ...(limits && { limits }),
    client: {
      endpoint: fake.url,
      region: FAKE_AWS_KEY.region,
      credentials: { accessKeyId: FAKE_AWS_KEY.id, secretAccessKey: FAKE_AWS_KEY.secret },
      ...client,
    },
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
