import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createFileDriver } from "../../adapters/node/credential-drivers/file.ts";
import {
  createCredentialRepository,
  createMemoryCredentialDriver,
  type CredentialDriver,
  type CredentialId,
  type Owner,
} from "../../src/index.ts";
import { openAws } from "../adapters/node/credential-drivers/open-aws.ts";
import { openAzure } from "../adapters/node/credential-drivers/open-azure.ts";
import { makeDatabase, makeFolder } from "../helpers/database.ts";
import { openTestVault, TEST_ACTOR, type TestVault } from "../helpers/vault.ts";
import { FAULT_TIMEOUT, IS_FULL, reportFigure } from "./figures.ts";
import { createHurriedTime } from "./hurried-time.ts";

const STORES: readonly [kind: string, open: () => Promise<CredentialDriver>][] = [
  ["memory", async () => createMemoryCredentialDriver()],
  ["database", async () => createCredentialRepository(makeDatabase())],
  ["file", () => createFileDriver({ folder: makeFolder() })],
  ["aws", async () => soonConsistent((await openAws()).driver)],
  ["azure", async () => soonConsistent((await openAzure()).driver)],
];

/** For a record in a cloud the vault waits three seconds before it gives up: the quick run does without that. */
function soonConsistent(driver: CredentialDriver): CredentialDriver {
  return IS_FULL ? driver : { ...driver, kind: "database" };
}

const idOf = (owner: Owner, instanceId: string, name: string): CredentialId => ({
  owner,
  instanceId,
  name,
});
const FIRST = idOf("shared", "one", "apiKey");
const OTHERS: readonly [what: string, id: CredentialId][] = [
  ["another name", idOf("shared", "one", "token")],
  ["another instance", idOf("shared", "two", "apiKey")],
  ["another owner", idOf("user:issuer:b", "one", "apiKey")],
  ["another client", idOf("client:a", "one", "apiKey")],
  ["everything else", idOf("client:b", "two", "token")],
];

/** Where each part of a record begins, and where it ends. */
function fieldsOf(text: string): readonly [field: string, from: number, to: number][] {
  const [version = "", keyId = "", sequence = "", body = ""] = text.split(".");
  const key = version.length + 1;
  const count = key + keyId.length + 1;
  const iv = count + sequence.length + 1;
  const tag = iv + body.length - 22;
  return [
    ["version", 0, version.length],
    ["first dot", version.length, key],
    ["key id", key, key + keyId.length],
    ["sequence", count, count + sequence.length],
    ["IV", iv, iv + 16],
    ["ciphertext", iv + 16, tag],
    ["tag", tag, text.length],
  ];
}

/** A character's lowest bit. */
function flip(text: string, at: number): string {
  const flipped = String.fromCodePoint(text.codePointAt(at)! ^ 1);
  return text.slice(0, at) + flipped + text.slice(at + 1);
}

const totals = { attacks: 0, drivers: 0 };

async function openFilled(driver: CredentialDriver) {
  const opened = await openTestVault({ driver, time: createHurriedTime() });
  const secrets = new Map<CredentialId, string>();
  for (const id of [FIRST, ...OTHERS.map(([, other]) => other)]) {
    const secret = `secret-${randomBytes(24).toString("hex")}`;
    secrets.set(id, secret);
    await opened.vault.for(id.owner, TEST_ACTOR).storeCredential(id.instanceId, id.name, secret);
  }
  return { ...opened, secrets, driver };
}

const retrieve = ({ vault }: Pick<TestVault, "vault">, { owner, instanceId, name }: CredentialId) =>
  vault.for(owner, TEST_ACTOR).retrieveCredential(instanceId, name);

/** Puts a text in the place of a record and expects that nobody gets anything out of it, then puts back what was there. */
async function expectRefused(
  filled: Awaited<ReturnType<typeof openFilled>>,
  id: CredentialId,
  text: string,
  what: string,
): Promise<void> {
  const { driver, secrets } = filled;
  const before = (await driver.read(id, true))!;
  expect(text, what).not.toBe(before);
  await driver.write(id, text);
  const failure = await retrieve(filled, id).then(
    () => null,
    (error: unknown) => error as Error & { code: string },
  );
  expect(failure?.code, what).toBe("CREDENTIAL_UNREADABLE");
  const told = `${failure?.message} ${failure?.stack} ${String(failure?.cause)}`;
  for (const secret of secrets.values()) expect(told).not.toContain(secret);
  await driver.write(id, before);
  expect(await retrieve(filled, id), `after ${what}`).toBe(secrets.get(id));
  totals.attacks++;
}

describe.each(STORES)("somebody who changes what lies in the store (%s)", (kind, open) => {
  it(
    "gets no credential opened that is not what the vault wrote there last",
    { timeout: FAULT_TIMEOUT },
    async () => {
      totals.drivers++;
      const filled = await openFilled(await open());
      const { driver } = filled;
      const read = async (id: CredentialId) => (await driver.read(id, true))!;
      const record = await read(FIRST);

      for (const [field, from, to] of fieldsOf(record)) {
        const middle = (from + to - 1) >> 1;
        await expectRefused(filled, FIRST, flip(record, middle), `a bit of the ${field}`);
        await expectRefused(filled, FIRST, record.slice(0, to - 1), `cut within the ${field}`);
      }
      for (const [what, other] of OTHERS) {
        await expectRefused(filled, FIRST, await read(other), `the record of ${what}`);
        await expectRefused(filled, other, record, `its record in the place of ${what}`);
      }
      // It is the same credential of another vault, with keys of its own.
      const foreign = await openFilled(createMemoryCredentialDriver());
      const theirs = (await foreign.driver.read(FIRST))!;
      await expectRefused(filled, FIRST, theirs, "another store's record");

      const older = await read(FIRST);
      await filled.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "newer-secret");
      filled.secrets.set(FIRST, "newer-secret");
      await expectRefused(filled, FIRST, older, "the record before");
      await filled.vault.for("shared", TEST_ACTOR).deleteCredential("one", "apiKey");
      await driver.write(FIRST, older);
      await expect(retrieve(filled, FIRST), kind).rejects.toMatchObject({
        code: "CREDENTIAL_NOT_FOUND",
      });
      await filled.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "third-secret");
      filled.secrets.set(FIRST, "third-secret");
      await expectRefused(filled, FIRST, older, "a record from before it was deleted");
      onTestFinished(() => foreign.close());
    },
  );
});

describe("two vaults on two drivers with one set of keys", () => {
  it.each([
    ["memory", "file"],
    ["file", "database"],
    ["database", "memory"],
  ])("do not take each other's older records: from %s to %s", async (from, to) => {
    const openStore = (kind: string) => STORES.find(([name]) => name === kind)![1]();
    const filled = await openFilled(await openStore(from));
    const stale = (await filled.driver.read(FIRST))!;
    const target = await openStore(to);
    for (const id of filled.secrets.keys()) await target.write(id, (await filled.driver.read(id))!);
    const { store, masterKeys } = filled.place;
    const moved = {
      ...(await openTestVault({ store, masterKeys, driver: target })),
      secrets: filled.secrets,
      driver: target,
    };
    await moved.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "moved-secret");
    filled.secrets.set(FIRST, "moved-secret");
    await expectRefused(moved, FIRST, stale, "the record that the driver before had");
    for (const [what, other] of OTHERS) {
      await expectRefused(moved, FIRST, (await filled.driver.read(other))!, what);
    }
  });
});

afterAll(() => {
  reportFigure("tampering: drivers", totals.drivers);
  reportFigure("tampering: changed records refused", totals.attacks);
});
