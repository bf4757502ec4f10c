import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createAwsDriver } from "../../../../adapters/node/credential-drivers/aws.ts";
import { FAKE_AWS_KEY, startFakeSecretsManager } from "../../../helpers/fake-secrets-manager.ts";
import type { CloudFault } from "../../../helpers/cloud-faults.ts";
import { openAws, openDriver, SHORT_LIMITS, type AtEnd } from "./open-aws.ts";
import { ID, idOf, textOf } from "./sealed.ts";

const ACTIONS = [
  ["read", "GetSecretValue"],
  ["write", "PutSecretValue"],
  ["remove", "DeleteSecret"],
] as const;
const PASSING: readonly CloudFault[] = ["throttle", "timeout", "500", "503", "reset"];

/** A driver with one record, and what each of its methods does to it. */
async function openWithRecord(atEnd: AtEnd = onTestFinished, fault?: CloudFault) {
  const limits = fault === "timeout" ? { limits: SHORT_LIMITS } : {};
  const opened = await openAws({ atEnd, ...limits, client: { maxAttempts: 2 } });
  const { driver, fake } = opened;
  await driver.write(ID, textOf("one"));
  fake.actions.length = 0;
  const methods = {
    read: () => driver.read(ID),
    write: () => driver.write(ID, textOf("two")),
    remove: () => driver.remove(ID),
  };
  const after = { read: textOf("one"), write: textOf("two"), remove: null };
  return { ...opened, methods, after };
}

describe("the AWS driver", () => {
  it("names a secret by prefix, instance and hash, and stores nothing but sealed text and whose it is", async () => {
    const { driver, fake } = await openAws();
    await driver.write(idOf("apiKey", "user:issuer:Zo\u00eb"), textOf("one"));
    const [[name, value] = ["", ""], ...others] = fake.values();
    expect(others).toEqual([]);
    expect(name).toMatch(/^mcp-test\/one\/[0-9a-f]{64}$/);
    expect(JSON.parse(value)).toEqual({
      v: 1,
      instance: "one",
      owner: "user:issuer:Zo\u00eb",
      name: "apiKey",
      sealed: textOf("one"),
    });
  });

  describe.each(ACTIONS)("on %s (%s)", (method, action) => {
    it.concurrent.for(PASSING)(
      "tries again after: %s",
      async (fault, { onTestFinished: atEnd }) => {
        const { driver, fake, methods, after } = await openWithRecord(atEnd, fault);
        fake.faults.plan(fault, { action });
        await methods[method]();
        expect(fake.faults.left).toBe(0);
        expect(fake.actions.filter((done) => done === action)).toHaveLength(2);
        expect(await driver.read(ID)).toBe(after[method]);
      },
    );

    it.concurrent.for(PASSING)(
      "gives up on lasting: %s, and leaves the record whole",
      async (fault, { onTestFinished: atEnd }) => {
        const { driver, fake, methods } = await openWithRecord(atEnd, fault);
        fake.faults.plan(fault, { times: 2, action });
        await expect(methods[method]()).rejects.toMatchObject({
          name: "AppError",
          code: "VAULT_UNAVAILABLE",
        });
        expect(fake.faults.left).toBe(0);
        expect(await driver.read(ID)).toBe(textOf("one"));
      },
    );

    it("says which permission is missing, and does not ask again", async () => {
      const { driver, fake, methods } = await openWithRecord();
      fake.faults.plan("accessDenied", { action });
      await expect(methods[method]()).rejects.toMatchObject({
        code: "VAULT_UNAVAILABLE",
        message: expect.stringContaining(`secretsmanager:${action} is needed`),
      });
      expect(fake.actions.filter((done) => done === action)).toHaveLength(1);
      expect(await driver.read(ID)).toBe(textOf("one"));
    });
  });

  it("asks four times in all, unless told otherwise", async () => {
    const { driver, fake } = await openAws();
    fake.faults.plan("503", { times: 3 });
    expect(await driver.read(ID)).toBeNull();
    expect(fake.actions).toHaveLength(4);
    fake.faults.plan("503", { times: 4 });
    await expect(driver.read(ID)).rejects.toMatchObject({ code: "VAULT_UNAVAILABLE" });
  });

  it.each(ACTIONS)("takes no longer on %s than the whole of it may", async (method, action) => {
    const { driver: patient, fake } = await openAws();
    await patient.write(ID, textOf("one"));
    const limits = { attemptMs: 60_000, readMs: 300, changeMs: 300 };
    const { driver } = await openDriver(fake, { limits });
    fake.faults.plan("timeout", { action });
    const methods = {
      read: () => driver.read(ID),
      write: () => driver.write(ID, textOf("two")),
      remove: () => driver.remove(ID),
    };
    await expect(methods[method]()).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: "AWS Secrets Manager took longer than 300 ms.",
    });
    expect(await patient.read(ID)).toBe(textOf("one"));
  });

  it("hands over a stale record as it came: how old it is, the vault sees", async () => {
    const { driver, fake } = await openAws();
    await driver.write(ID, textOf("one"));
    await driver.write(ID, textOf("two"));
    fake.faults.plan("stale");
    expect(await driver.read(ID)).toBe(textOf("one"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("has no record of a secret that somebody deleted, and brings its name back to store another", async () => {
    const { driver, fake } = await openWithRecord();
    fake.faults.plan("deletedButRecoverable");
    expect(await driver.read(ID)).toBeNull();
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
    expect(fake.actions).toContain("RestoreSecret");
  });

  it("removes for good what somebody deleted so that it could be restored", async () => {
    const { driver, fake } = await openWithRecord();
    fake.faults.plan("deletedButRecoverable");
    await driver.remove(ID);
    expect(fake.values().size).toBe(0);
  });

  it("waits for a name that is being deleted", async () => {
    const { driver, fake } = await openWithRecord();
    await driver.remove(ID);
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
    expect(fake.actions.filter((action) => action === "CreateSecret").length).toBeGreaterThan(0);
  });

  it("goes on when another process made the secret first", async () => {
    const { driver, fake } = await openAws();
    const { driver: other } = await openDriver(fake);
    await Promise.all([driver.write(ID, textOf("one")), other.write(ID, textOf("two"))]);
    expect([textOf("one"), textOf("two")]).toContain(await driver.read(ID));
    expect(fake.values().size).toBe(1);
  });

  it("keeps a record that is larger than a secret in several, and leaves none of them behind", async () => {
    const { driver, fake } = await openAws();
    await driver.write(ID, textOf("one", 150_000));
    expect(fake.values().size).toBe(4);
    await driver.write(ID, textOf("two", 70_000));
    expect(fake.values().size).toBe(3);
    expect(await driver.read(ID)).toBe(textOf("two", 70_000));
    await driver.write(ID, textOf("three"));
    expect(fake.values().size).toBe(1);
    await driver.write(ID, textOf("four", 150_000));
    await driver.remove(ID);
    expect(fake.values().size).toBe(0);
  });

  it("keeps the record before it whole when a large one could not be stored to its end", async () => {
    const { driver, fake } = await openAws();
    await driver.write(ID, textOf("one", 150_000));
    const action = "CreateSecret";
    fake.faults.plan("accessDenied", { action });
    await expect(driver.write(ID, textOf("two", 150_000))).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
    });
    expect(await driver.read(ID)).toBe(textOf("one", 150_000));
  });

  it.each([
    ["no JSON", () => "nonsense"],
    ["something else", () => '{"v":1}'],
    ["a flipped bit in whose it is", (value: string) => value.replace("apiKey", "apiKez")],
    ["the record of another instance", (value: string) => value.replace('"one"', '"two"')],
    [
      "parts that are not there",
      (value: string) =>
        value.replace(/"sealed":"[^"]*"/, `"parts":2,"digest":"${"0".repeat(64)}"`),
    ],
  ])("refuses a secret that holds %s", async (_what, tamper) => {
    const { driver, fake } = await openWithRecord();
    const [[name, value] = ["", ""]] = fake.values();
    fake.tamper(name, tamper(value));
    await expect(driver.read(ID)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("is refused with a wrong secret key, and says that", async () => {
    const fake = await startFakeSecretsManager();
    onTestFinished(() => fake.close());
    const credentials = { accessKeyId: FAKE_AWS_KEY.id, secretAccessKey: "wrong" };
    const { driver } = await openDriver(fake, { client: { credentials } });
    await expect(driver.read(ID)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: expect.stringContaining("InvalidSignatureException"),
    });
  });

  it("asks for a record once a minute, unless it is to be fresh", async () => {
    const { fake } = await openAws();
    const driver = await createAwsDriver({
      prefix: null,
      client: {
        endpoint: fake.url,
        region: FAKE_AWS_KEY.region,
        credentials: { accessKeyId: FAKE_AWS_KEY.id, secretAccessKey: FAKE_AWS_KEY.secret },
      },
    });
    onTestFinished(() => driver.close?.());
    await driver.write(ID, textOf("one"));
    expect([...fake.values().keys()].join(" ")).toMatch(/^mcp-plugin-server\/one\/[0-9a-f]{64}$/);
    fake.actions.length = 0;
    for (let round = 0; round < 3; round++) expect(await driver.read(ID)).toBe(textOf("one"));
    expect(fake.actions).toEqual(["GetSecretValue"]);
    expect(await driver.read(ID, true)).toBe(textOf("one"));
    expect(fake.actions).toEqual(["GetSecretValue", "GetSecretValue"]);
  });

  it("takes endpoint, region and credentials from the SDK's default chain", async () => {
    const fake = await startFakeSecretsManager();
    onTestFinished(() => fake.close());
    vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", fake.url);
    vi.stubEnv("AWS_REGION", FAKE_AWS_KEY.region);
    vi.stubEnv("AWS_ACCESS_KEY_ID", FAKE_AWS_KEY.id);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", FAKE_AWS_KEY.secret);
    onTestFinished(() => void vi.unstubAllEnvs());
    const driver = await createAwsDriver({ prefix: "p" });
    onTestFinished(() => driver.close?.());
    await driver.write(ID, textOf("one"));
    expect(await driver.read(ID)).toBe(textOf("one"));
    expect(fake.values().size).toBe(1);
  });

  it("needs a region", async () => {
    for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"]) vi.stubEnv(name, "");
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) {
      vi.stubEnv(name, "/nonexistent");
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(createAwsDriver({ prefix: "p" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("set AWS_REGION"),
    });
  });

  it("says what to install when the SDK is missing", async () => {
    // A real import of something that is not there.
    const missing: string = "@aws-sdk/not-installed";
    const load = async () => (await import(missing)) as never;
    await expect(createAwsDriver({ prefix: "p", load })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message:
        "MCP_VAULT=aws needs what is not installed: npm install @aws-sdk/client-secrets-manager",
    });
  });
});
