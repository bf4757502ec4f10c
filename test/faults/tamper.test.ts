import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
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
  return IS_FULL ? driver : { ...driver, kind: "file" };
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
  const wrong: string[] = [];
  return { ...opened, secrets, driver, wrong };
}

const retrieve = ({ vault }: Pick<TestVault, "vault">, { owner, instanceId, name }: CredentialId) =>
  vault.for(owner, TEST_ACTOR).retrieveCredential(instanceId, name);

/** Puts a text in the place of a record, notes whatever somebody gets out of it, and puts back what was there. */
async function attack(
  filled: Awaited<ReturnType<typeof openFilled>>,
  id: CredentialId,
  text: string,
  what: string,
): Promise<void> {
  const { driver, secrets, wrong } = filled;
  const before = (await driver.read(id, true))!;
  if (text === before) wrong.push(`${what} is no other text`);
  await driver.write(id, text);
  const answer = await retrieve(filled, id).then(
    (value) => `a value: ${value}`,
    ({ code, message, stack, cause }: Error & { code: string }) => {
      const told = `${code} ${message} ${stack} ${String(cause)}`;
      return [...secrets.values()].some((secret) => told.includes(secret)) ? told : code;
    },
  );
  if (answer !== "CREDENTIAL_UNREADABLE") wrong.push(`${what} was answered by ${answer}`);
  await driver.write(id, before);
  const after = await retrieve(filled, id);
  if (after !== secrets.get(id)) wrong.push(`after ${what} was put back, it is ${after}`);
  totals.attacks++;
}

describe.each(STORES)("somebody who changes what lies in the store (%s)", (_kind, open) => {
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
        await attack(filled, FIRST, flip(record, middle), `a bit of the ${field}`);
        await attack(filled, FIRST, record.slice(0, to - 1), `cut within the ${field}`);
      }
      for (const [what, other] of OTHERS) {
        await attack(filled, FIRST, await read(other), `the record of ${what}`);
        await attack(filled, other, record, `its record in the place of ${what}`);
      }
      // It is the same credential of another vault, with keys of its own.
      const foreign = await openFilled(createMemoryCredentialDriver());
      const theirs = (await foreign.driver.read(FIRST))!;
      await attack(filled, FIRST, theirs, "another store's record");

      const older = await read(FIRST);
      await filled.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "newer-secret");
      filled.secrets.set(FIRST, "newer-secret");
      await attack(filled, FIRST, older, "the record before");
      await filled.vault.for("shared", TEST_ACTOR).deleteCredential("one", "apiKey");
      await driver.write(FIRST, older);
      await expect(retrieve(filled, FIRST)).rejects.toMatchObject({
        code: "CREDENTIAL_NOT_FOUND",
      });
      await filled.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "third-secret");
      filled.secrets.set(FIRST, "third-secret");
      await attack(filled, FIRST, older, "a record from before it was deleted");
      expect(filled.wrong).toEqual([]);
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
      wrong: filled.wrong,
    };
    await moved.vault.for("shared", TEST_ACTOR).storeCredential("one", "apiKey", "moved-secret");
    filled.secrets.set(FIRST, "moved-secret");
    await attack(moved, FIRST, stale, "the record that the driver before had");
    for (const [what, other] of OTHERS) {
      await attack(moved, FIRST, (await filled.driver.read(other))!, what);
    }
    expect(filled.wrong).toEqual([]);
  });
});

afterAll(() => {
  reportFigure("tampering: drivers", totals.drivers);
  reportFigure("tampering: changed records refused", totals.attacks);
});
