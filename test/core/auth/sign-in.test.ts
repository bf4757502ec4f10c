import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { SignIns } from "../../../src/core/auth/sign-in.ts";
import { AppError, createMemorySignIns } from "../../../src/index.ts";
import type { SignInStore } from "../../../src/types/sign-in.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingAudit } from "../../helpers/recording-audit.ts";

const PERSON = { kind: "user", id: "admin-1", scopes: ["admin"] } as const;
const MINUTE = 60_000;

/** Two processes on one store, which can fail; a session that began in the first, of which the first has something open. */
async function open(audit = createRecordingAudit()) {
  const time = createFakeTime();
  const state = { isAway: false };
  const own = createMemorySignIns();
  const store: SignInStore = {
    ...own,
    async lastSeen(token, now) {
      if (state.isAway) throw new AppError("VAULT_UNAVAILABLE", "the disk is away");
      return own.lastSeen(token, now);
    },
  };
  const keys = { referenceOf: () => "reference", principal: () => PERSON };
  const make = () => new SignIns({ store, keys, audit, sha256, time });
  const [here, there] = [make(), make()];
  const { secret, session } = await here.begin(PERSON, "request");
  let ends = 0;
  const stop = here.watch(session, () => ends++);
  return { time, state, store, here, there, secret, stop, ends: () => ends };
}

describe("what a session has open", () => {
  it.each([false, true])(
    "ends half a minute after signing out in another process, everywhere: %s",
    async (everywhere) => {
      const { time, there, secret, ends } = await open();
      await time.advance(30_000);
      expect(ends()).toBe(0);
      const found = (await there.find(secret))!;
      await (everywhere ? there.endAll(found.person, "r") : there.end(found, "r"));
      await time.advance(20_000);
      expect(ends()).toBe(1);
      await time.advance(MINUTE);
      expect([ends(), time.pending()]).toEqual([1, 0]);
    },
  );

  it("goes on as long as another process sees the session used", async () => {
    const { time, there, secret, ends } = await open();
    for (let minutes = 0; minutes < 120; minutes += 10) {
      await time.advance(10 * MINUTE);
      await there.find(secret);
    }
    expect(ends()).toBe(0);
    await time.advance(61 * MINUTE);
    expect(ends()).toBe(1);
  });

  it("ends an hour after the last use that is known, while the store cannot be asked", async () => {
    const { time, state, there, secret, ends } = await open();
    await time.advance(30 * MINUTE);
    await there.find(secret);
    await time.advance(MINUTE);
    state.isAway = true;
    await time.advance(58 * MINUTE);
    expect(ends()).toBe(0);
    await time.advance(2 * MINUTE);
    expect(ends()).toBe(1);
  });

  it("ends after twelve hours, also while the store cannot be asked", async () => {
    const { time, state, there, secret, ends } = await open();
    for (let minutes = 0; minutes < 12 * 60 - 10; minutes += 10) {
      await time.advance(10 * MINUTE);
      await there.find(secret);
    }
    await time.advance(MINUTE);
    state.isAway = true;
    await time.advance(8 * MINUTE);
    expect(ends()).toBe(0);
    await time.advance(2 * MINUTE);
    expect(ends()).toBe(1);
  });

  it("is not looked after when it has ended by itself", async () => {
    const { time, here, secret, stop, ends } = await open();
    stop();
    await here.end((await here.find(secret))!, "r");
    await time.advance(2 * 60 * MINUTE);
    expect([ends(), time.pending()]).toEqual([0, 0]);
  });
});

it("keeps the secret of a cookie as a hash alone", async () => {
  const { here, secret, store } = await open();
  const { idHash } = (await here.find(secret))!.session;
  expect(idHash).toMatch(/^[0-9a-f]{64}$/);
  expect(await store.find(secret, 0)).toBeNull();
  expect(await store.find(idHash, 0)).not.toBeNull();
});

it("signs nobody in whom it cannot record", async () => {
  const full = async () => {
    throw new AppError("AUDIT_UNAVAILABLE", "the disk of the record is full");
  };
  await expect(open({ entries: [], record: full })).rejects.toThrow("the disk of the record");
});
