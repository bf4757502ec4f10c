import { describe, expect, it, onTestFinished } from "vitest";
import {
  createAzureDriver,
  type AzureSdk,
} from "../../../../adapters/node/credential-drivers/azure.ts";
import type { CloudFault } from "../../../helpers/cloud-faults.ts";
import { startFakeKeyVault } from "../../../helpers/fake-key-vault.ts";
import { credentialOf, openAzure, openDriver, trusting } from "./open-azure.ts";
import { SHORT_LIMITS, type AtEnd } from "./open-aws.ts";
import { ID, idOf, textOf } from "./sealed.ts";

const ACTIONS = [
  ["read", "get"],
  ["write", "set"],
  ["remove", "delete"],
] as const;
const PASSING: readonly CloudFault[] = ["throttle", "timeout", "500", "503", "reset"];
const RETRIES = { maxRetries: 1, retryDelayInMs: 20 };

/** A driver with one record, and what each of its methods does to it. */
async function openWithRecord(atEnd: AtEnd = onTestFinished, fault?: CloudFault) {
  const limits = fault === "timeout" ? { limits: SHORT_LIMITS } : {};
  const opened = await openAzure({ atEnd, ...limits, client: { retryOptions: RETRIES } });
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

describe("the Azure driver", () => {
  it("names a secret by prefix, instance and hash, within what Key Vault takes", async () => {
    const fake = await startFakeKeyVault();
    onTestFinished(() => fake.close());
    const driver = await createAzureDriver({
      vaultUrl: fake.url,
      prefix: "p".repeat(32),
      client: trusting(fake),
      credential: credentialOf(fake),
    });
    const id = { ...idOf("apiKey", "user:issuer:Zo\u00eb"), instanceId: "i".repeat(32) };
    await driver.write(id, textOf("one"));
    const [[name, value] = ["", ""], ...others] = fake.values();
    expect(others).toEqual([]);
    expect(name).toMatch(/^p{32}-i{32}-[0-9a-f]{48}$/);
    expect(JSON.parse(value)).toEqual({
      v: 1,
      instance: "i".repeat(32),
      owner: "user:issuer:Zo\u00eb",
      name: "apiKey",
      sealed: textOf("one"),
    });
  });

  it("asks for one token, when it is challenged", async () => {
    const { driver, fake } = await openAzure();
    await driver.read(ID);
    await driver.write(ID, textOf("one"));
    await driver.read(ID);
    expect(fake.actions.filter((action) => action === "challenge")).toHaveLength(1);
    expect(fake.tokens()).toBe(1);
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
        message: expect.stringContaining(`The secret permission "${action}" is needed.`),
      });
      expect(fake.actions.filter((done) => done === action)).toHaveLength(1);
      expect(await driver.read(ID)).toBe(textOf("one"));
    });

    it("takes no longer than the whole of it may", async () => {
      const fake = await startFakeKeyVault();
      onTestFinished(() => fake.close());
      const patient = await openDriver(fake);
      await patient.driver.write(ID, textOf("one"));
      const limits = { attemptMs: 60_000, readMs: 400, changeMs: 400 };
      const { driver } = await openDriver(fake, { limits });
      fake.faults.plan("timeout", { action });
      const methods = {
        read: () => driver.read(ID),
        write: () => driver.write(ID, textOf("two")),
        remove: () => driver.remove(ID),
      };
      await expect(methods[method]()).rejects.toMatchObject({
        code: "VAULT_UNAVAILABLE",
        message: "Azure Key Vault took longer than 400 ms.",
      });
      expect(await patient.driver.read(ID)).toBe(textOf("one"));
    });
  });

  it("asks four times in all, unless told otherwise", async () => {
    const { driver, fake } = await openAzure();
    await driver.read(ID);
    fake.actions.length = 0;
    fake.faults.plan("503", { times: 3 });
    expect(await driver.read(ID)).toBeNull();
    expect(fake.actions).toEqual(["get", "get", "get", "get"]);
  });

  it("hands over a stale record as it came: how old it is, the vault sees", async () => {
    const { driver, fake } = await openAzure();
    await driver.write(ID, textOf("one"));
    await driver.write(ID, textOf("two"));
    fake.faults.plan("stale", { action: "get" });
    expect(await driver.read(ID)).toBe(textOf("one"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("has no record of a secret that somebody deleted, and recovers its name to store another", async () => {
    const { driver, fake } = await openWithRecord();
    fake.faults.plan("deletedButRecoverable");
    expect(await driver.read(ID)).toBeNull();
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
    expect(fake.actions).toContain("recover");
  });

  it("says that it may not recover a name", async () => {
    const { driver, fake } = await openWithRecord();
    fake.faults.plan("deletedButRecoverable");
    fake.faults.plan("accessDenied", { action: "recover" });
    await expect(driver.write(ID, textOf("two"))).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: expect.stringContaining('The secret permission "recover" is needed.'),
    });
  });

  it("purges what it removes, also what was only deleted before", async () => {
    const { driver, fake } = await openWithRecord();
    await driver.remove(ID);
    expect([fake.values().size, fake.deleted().size]).toEqual([0, 0]);
    await driver.write(ID, textOf("two"));
    fake.faults.plan("deletedButRecoverable");
    await driver.remove(ID);
    expect([fake.values().size, fake.deleted().size]).toEqual([0, 0]);
  });

  it("leaves what it may not purge to be recovered, and stores another record under that name", async () => {
    const { driver, fake } = await openAzure({ purges: false });
    await driver.write(ID, textOf("one"));
    await driver.remove(ID);
    expect(await driver.read(ID)).toBeNull();
    expect([...fake.deleted().values()].join("")).toContain(textOf("one"));
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it("keeps a record that is larger than a secret in several, and leaves none of them behind", async () => {
    const { driver, fake } = await openAzure();
    await driver.write(ID, textOf("one", 90_000));
    expect(fake.values().size).toBe(5);
    await driver.write(ID, textOf("two", 30_000));
    expect(fake.values().size).toBe(3);
    expect(await driver.read(ID)).toBe(textOf("two", 30_000));
    await driver.remove(ID);
    expect([fake.values().size, fake.deleted().size]).toEqual([0, 0]);
  });

  it("refuses the record of another credential", async () => {
    const { driver, fake } = await openWithRecord();
    const [[name, value] = ["", ""]] = fake.values();
    fake.tamper(name, value.replace("apiKey", "apiKez"));
    await expect(driver.read(ID)).rejects.toMatchObject({ code: "CREDENTIAL_UNREADABLE" });
  });

  it("says that it was given no token", async () => {
    const fake = await startFakeKeyVault();
    onTestFinished(() => fake.close());
    const driver = await createAzureDriver({
      vaultUrl: fake.url,
      prefix: "p",
      client: trusting(fake),
      credential: credentialOf(fake, "wrong"),
    });
    await expect(driver.read(ID)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: expect.stringContaining("AADSTS7000215"),
    });
  });

  it("trusts no certificate that nobody it knows vouches for", async () => {
    const fake = await startFakeKeyVault();
    onTestFinished(() => fake.close());
    const driver = await createAzureDriver({
      vaultUrl: fake.url,
      prefix: "p",
      client: { retryOptions: RETRIES },
      credential: credentialOf(fake),
    });
    await expect(driver.read(ID)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
      message: expect.stringContaining("self-signed certificate"),
    });
    expect(fake.actions).toEqual([]);
  });

  it("gives no token to a vault whose challenge names another service", async () => {
    const fake = await startFakeKeyVault();
    onTestFinished(() => fake.close());
    const driver = await createAzureDriver({
      vaultUrl: fake.url,
      prefix: "p",
      client: { tlsOptions: { ca: fake.ca } },
      credential: credentialOf(fake),
    });
    await expect(driver.read(ID)).rejects.toMatchObject({ code: "VAULT_UNAVAILABLE" });
    expect(fake.tokens()).toBe(0);
  });

  it("takes credentials from Azure's default chain", async () => {
    const given: unknown[] = [];
    const chain = { getToken: async () => null };
    const load = async () =>
      ({
        SecretClient: function (url: string, credential: unknown) {
          given.push(url, credential);
        },
        DefaultAzureCredential: function () {
          return chain;
        },
      }) as unknown as AzureSdk;
    await createAzureDriver({ vaultUrl: "https://v.vault.azure.net", prefix: "p", load });
    expect(given).toEqual(["https://v.vault.azure.net", chain]);
  });

  it("says what to install when the SDK is missing", async () => {
    // A real import of something that is not there.
    const missing: string = "@azure/not-installed";
    const load = async () => (await import(missing)) as never;
    await expect(
      createAzureDriver({ vaultUrl: "https://v.vault.azure.net", prefix: "p", load }),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message:
        "MCP_VAULT=azure needs what is not installed: npm install @azure/keyvault-secrets @azure/identity",
    });
  });

  it.each(["", "no address", "http://localhost:1"])(
    "does not take %j for an address",
    async (vaultUrl) => {
      await expect(createAzureDriver({ vaultUrl, prefix: "p" })).rejects.toMatchObject({
        code: "CONFIG_INVALID",
      });
    },
  );
});
