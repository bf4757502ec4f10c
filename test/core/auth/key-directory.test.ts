import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { KeyDirectory } from "../../../src/core/auth/key-directory.ts";
import { environmentKey, toKeyRecord } from "../../../src/core/auth/keys.ts";
import { createKeyRepository } from "../../../src/index.ts";
import { canary } from "../../helpers/canary.ts";
import { makeDatabase } from "../../helpers/database.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

const SECRET = canary("mcpk_of_the_environment_0123456789");

async function open() {
  const store = createKeyRepository(makeDatabase().db);
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const given = [await environmentKey("client", SECRET, 0, sha256)];
  const deps = { store, given, sha256, time, logger };
  const directory = await KeyDirectory.open(deps);
  /** Another process on the same store. */
  const other = await KeyDirectory.open({ ...deps, given: [] });
  return { directory, other, store, time, logger, given };
}

const NEW = { kind: "client", name: "laptop", scopes: ["mcp"] } as const;

describe("a key", () => {
  it("that another process has made is known after twenty seconds, and its end as soon", async () => {
    const { directory, other, time } = await open();
    const { key, secret } = await other.create(NEW);
    expect(await directory.authenticate(`Bearer ${secret}`)).toBeNull();
    await time.advance(20_000);
    const principal = (await directory.authenticate(`Bearer ${secret}`))!;
    expect(principal.id).toBe(key.id);
    const life = directory.lifeOf(principal)!;
    await other.revoke(key);
    expect(life.aborted).toBe(false);
    await time.advance(20_000);
    expect(life.aborted).toBe(true);
    expect(await directory.authenticate(`Bearer ${secret}`)).toBeNull();
  });

  it.each<
    [what: string, change: (own: KeyDirectory, name: { kind: "client"; id: string }) => unknown]
  >([
    ["is revoked", (own, name) => own.revoke(name)],
    ["gets another secret", (own, name) => own.rotate(name)],
    ["may do something else", (own, name) => own.change(name, () => ({ callsPerMinute: 5 }))],
  ])("ends what it has opened when it %s", async (_, change) => {
    const { directory } = await open();
    const { key, secret } = await directory.create(NEW);
    const { secret: bystander } = await directory.create(NEW);
    const lifeOf = async (bearer: string) =>
      directory.lifeOf((await directory.authenticate(`Bearer ${bearer}`))!)!;
    const [life, others] = [await lifeOf(secret), await lifeOf(bystander)];
    await change(directory, { kind: "client", id: key.id });
    expect([life.aborted, others.aborted]).toEqual([true, false]);
  });

  it("ends what it has opened within a minute of its own end", async () => {
    const { directory, time } = await open();
    const { secret } = await directory.create({ ...NEW, expiresAt: time.now() + 30_000 });
    const life = directory.lifeOf((await directory.authenticate(`Bearer ${secret}`))!)!;
    await time.advance(29_999);
    expect(life.aborted).toBe(false);
    await time.advance(60_000);
    expect(life.aborted).toBe(true);
  });

  it("goes on when it is called otherwise", async () => {
    const { directory } = await open();
    const { key, secret } = await directory.create(NEW);
    const life = directory.lifeOf((await directory.authenticate(`Bearer ${secret}`))!)!;
    await directory.change(key, () => ({ name: "desk" }));
    expect(life.aborted).toBe(false);
    expect(directory.find(key).name).toBe("desk");
  });

  it("of the environment holds without a store, and cannot be changed", async () => {
    const { directory, given } = await open();
    expect(await directory.authenticate(`Bearer ${SECRET}`)).toMatchObject({ kind: "client" });
    await expect(directory.revoke(given[0]!)).rejects.toThrow(
      expect.objectContaining({ code: "CONFLICT" }),
    );
  });

  it("of the first run, which is stored later, is the store's from then on", async () => {
    const { store, time, logger } = await open();
    const made = await toKeyRecord("secret", { ...NEW, id: "first", createdAt: 0 }, sha256);
    const directory = await KeyDirectory.open({ store, given: [made], sha256, time, logger });
    await store.add(made);
    expect(directory.isGiven(made)).toBe(true);
    await directory.revoke(made);
    expect(await directory.authenticate("Bearer secret")).toBeNull();
  });

  it("of the first run goes on with what it has opened when it is the store's", async () => {
    const { directory, store, time, given } = await open();
    const life = directory.lifeOf((await directory.authenticate(`Bearer ${SECRET}`))!)!;
    await store.add({ ...given[0]!, access: null, owner: undefined });
    await time.advance(60_000);
    expect(life.aborted).toBe(false);
    await store.change(given[0]!, { scopes: [] });
    await time.advance(20_000);
    expect(life.aborted).toBe(true);
  });

  it("is noted as used, now and for other processes", async () => {
    const { directory, other, time } = await open();
    const { key, secret } = await directory.create(NEW);
    expect(directory.find(key).usedAt).toBeNull();
    await directory.authenticate(`Bearer ${secret}`);
    const usedAt = time.now();
    expect(directory.find(key).usedAt).toBe(usedAt);
    await time.advance(40_000);
    expect(other.find(key).usedAt).toBe(usedAt);
    expect(directory.find(key).usedAt).toBe(usedAt);
  });
});

it("goes on with what it knows while the store does not answer", async () => {
  const { store, time, logger, given } = await open();
  let isDown = false;
  const failing = {
    ...store,
    list: () => (isDown ? Promise.reject(new Error("no store")) : store.list()),
  };
  const directory = await KeyDirectory.open({ store: failing, given, sha256, time, logger });
  const { secret } = await directory.create(NEW);
  isDown = true;
  await time.advance(60_000);
  expect(await directory.authenticate(`Bearer ${secret}`)).not.toBeNull();
  expect(logger.records.filter(({ level }) => level === "error").length).toBeGreaterThan(1);
});
