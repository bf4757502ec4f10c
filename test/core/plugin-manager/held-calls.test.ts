import { describe, expect, it } from "vitest";
import type { Vault } from "../../../src/types/vault.ts";
import { createPlainVault } from "../../helpers/plain-vault.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import { openNeedy, SYSTEM } from "./needy.ts";

refuseUnhandledRejections();

/** A vault that counts its listings; with `deaf`, it tells nobody of changes, as when another process makes them. */
async function openCounting({ deaf = false } = {}) {
  const plain = createPlainVault();
  const count = { listings: 0 };
  let gate = Promise.resolve();
  const vault: Vault = {
    ...plain,
    ...(deaf && { onChange: () => () => {} }),
    for: (owner, actor) => {
      const own = plain.for(owner, actor);
      return {
        ...own,
        async listCredentials(instanceId) {
          count.listings++;
          const names = await own.listCredentials(instanceId);
          await gate;
          return names;
        },
      };
    },
  };
  const test = openNeedy({ vault });
  await test.manager.start();
  count.listings = 0;
  return {
    ...test,
    count,
    store: () => plain.for("shared", SYSTEM).storeCredential("a", "api_key", "s3cret-key"),
    /** Keeps listings that begin from now on from ending. */
    holdUp: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

const MISSING = expect.objectContaining({ kind: "tool-error" });

describe("calls of a plugin that waits for credentials", () => {
  it("that come at once look again once", async () => {
    const { call, count } = await openCounting();
    const answers = await Promise.all(Array.from({ length: 200 }, () => call()));
    expect(answers).toEqual(Array(200).fill(MISSING));
    expect(count.listings).toBe(1);
  });

  it("look again once a second at most", async () => {
    const { call, count, time } = await openCounting();
    for (let second = 1; second <= 3; second++) {
      for (const ms of [0, 500, 499, 1]) {
        await time.advance(ms);
        if (ms === 1) break;
        expect(await call()).toEqual(MISSING);
        expect(count.listings).toBe(second);
      }
    }
  });

  it("find what another process has stored, a second later at the latest", async () => {
    const { call, store, time, statusOf } = await openCounting({ deaf: true });
    expect(await call()).toEqual(MISSING);
    await store();
    expect(await call()).toEqual(MISSING);
    await time.advance(1_000);
    const result = { kind: "result", value: {} };
    expect(await Promise.all([call(), call()])).toEqual([result, result]);
    expect(statusOf("a").state).toBe("running");
  });

  it("wait for nobody where this process has stored them: it looks at once", async () => {
    const { call, store, settle, statusOf } = await openCounting();
    expect(await call()).toEqual(MISSING);
    await store();
    await settle();
    expect([statusOf("a").state, await call()]).toEqual(["running", { kind: "result", value: {} }]);
  });

  it("do not hide a change that comes while they look", async () => {
    const { call, store, settle, holdUp, count, statusOf } = await openCounting();
    const goOn = holdUp();
    const answer = call();
    await settle();
    // What is being listed is how it was before.
    await store();
    await store();
    goOn();
    await answer;
    await settle();
    expect([statusOf("a").state, count.listings]).toEqual(["running", 3]);
  });
});
