import { describe, expect, it } from "vitest";
import type { VaultActor } from "../../../src/index.ts";
import { canary } from "../../helpers/canary.ts";
import { codesOf, openTestVault, TEST_ACTOR, type TestVault } from "../../helpers/vault.ts";

const SECRET = canary("key-");
const ACTOR: VaultActor = {
  actor: "plugin:weather",
  requestId: "r-1",
  detail: () => ({ calls: ["c-1", "c-2"] }),
};

/** Without what the chain itself records. */
const told = ({ sink }: TestVault) =>
  sink.records
    .filter(({ action }) => !action.startsWith("chain."))
    .map(({ actor, action, instanceId, subject, outcome, requestId, detail }) => ({
      actor,
      action,
      instanceId,
      subject,
      outcome,
      requestId,
      detail,
    }));

describe("the audit record of the vault", () => {
  it("has who did what to which credential, and how it ended", async () => {
    const opened = await openTestVault();
    const own = opened.vault.for("client:a", ACTOR);
    await own.storeCredential("weather", "apiKey", SECRET);
    await own.retrieveCredential("weather", "apiKey");
    await own.useCredential("weather", "apiKey", () => 1, "credential.sign");
    await own.deleteCredential("weather", "apiKey");
    await own.useCredential("weather", "apiKey", () => 1);
    const record = (action: string, outcome: string, detail = {}) => ({
      actor: "plugin:weather",
      action,
      instanceId: "weather",
      subject: "client:a/apiKey",
      outcome,
      requestId: "r-1",
      detail: { calls: ["c-1", "c-2"], ...detail },
    });
    expect(told(opened)).toEqual([
      record("credential.write", "started"),
      record("credential.write", "ok", { sequence: 1 }),
      record("credential.read", "ok", { sequence: 1 }),
      record("credential.sign", "ok", { sequence: 1 }),
      record("credential.delete", "started"),
      record("credential.delete", "ok"),
      record("credential.read", "refused", { reason: "absent" }),
    ]);
    expect(JSON.stringify(opened.sink.records)).not.toContain(SECRET);
  });

  it("says why something failed", async () => {
    const opened = await openTestVault();
    const own = opened.vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "a", SECRET);
    const { driver } = opened.place;
    await driver.write({ owner: "shared", instanceId: "weather", name: "a" }, "rubbish");
    await expect(own.retrieveCredential("weather", "a")).rejects.toMatchObject({
      code: "CREDENTIAL_UNREADABLE",
      message: 'The credential "a" of "weather" (shared) cannot be read.',
    });
    driver.write = () => Promise.reject(new Error("EIO"));
    await expect(own.storeCredential("weather", "a", SECRET)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
    });
    expect(
      told(opened)
        .slice(2)
        .map(({ action, outcome, detail }) => [action, outcome, detail]),
    ).toEqual([
      ["credential.read", "failed", { reason: "malformed" }],
      ["credential.write", "started", {}],
      ["credential.write", "failed", { reason: "VAULT_UNAVAILABLE" }],
    ]);
  });

  it("comes before anything is handed out or changed: without it, nothing is", async () => {
    const { vault, sink, place } = await openTestVault();
    const own = vault.for("shared", TEST_ACTOR);
    await own.storeCredential("weather", "a", SECRET);
    const before = JSON.stringify(await place.store.ledger("weather"));
    sink.failure = new Error("ENOSPC");
    const passphrase = new TextEncoder().encode("a passphrase");
    const codes = await codesOf([
      own.retrieveCredential("weather", "a"),
      own.useCredential("weather", "a", () => expect.unreachable()),
      own.useCredential("weather", "none", () => expect.unreachable()),
      own.storeCredential("weather", "a", "another-one"),
      own.deleteCredential("weather", "a"),
      vault.rotateDataKeys({ actor: TEST_ACTOR }),
      vault.rotateMasterKey({ actor: TEST_ACTOR }),
      vault.verify({ actor: TEST_ACTOR }),
      vault.exportBackup({ actor: TEST_ACTOR, passphrase }),
      vault.importBackup({ actor: TEST_ACTOR, passphrase, backup: "" }),
    ]);
    expect(new Set(codes)).toEqual(new Set(["AUDIT_UNAVAILABLE"]));
    expect(JSON.stringify(await place.store.ledger("weather"))).toBe(before);
    expect(place.masterKeys.held.next).toBeNull();
    sink.failure = null;
    expect(await own.retrieveCredential("weather", "a")).toBe(SECRET);
  });

  it("does not take back what was done when only its end cannot be recorded", async () => {
    const { vault, sink, place, logs } = await openTestVault();
    const own = vault.for("shared", TEST_ACTOR);
    const write = place.driver.write.bind(place.driver);
    place.driver.write = async (...args) => {
      await write(...args);
      sink.failure = new Error("ENOSPC");
    };
    await own.storeCredential("weather", "a", SECRET);
    sink.failure = null;
    expect(await own.retrieveCredential("weather", "a")).toBe(SECRET);
    expect(logs.map(({ level, message }) => [level, message])).toContainEqual([
      "error",
      "The audit record lacks how something in the vault ended",
    ]);
  });
});
