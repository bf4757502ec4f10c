import { describe, expect, it } from "vitest";
import type { PluginContext } from "../../../src/types/plugin.ts";
import { refuseUnhandledRejections } from "../../helpers/unhandled-rejections.ts";
import { ANN, BOB, NOT_STARTED, openPersonal as open, personal } from "./personal.ts";

refuseUnhandledRejections();

/** A plugin whose first call waits for `work`; the later ones answer at once. */
function openSlow(steps: string[] = [], ownerLimits: { max?: number } = {}) {
  const work = Promise.withResolvers<string>();
  let calls = 0;
  const executeTool = () => (calls++ === 0 ? work.promise : Promise.resolve("quick"));
  return { work, ...open(personal({ executeTool }, steps), { deps: { ownerLimits } }) };
}

/** Ann calls with her old credential, and stores a new one while that goes on. */
async function changeInFlight({ manager, call, store, time }: ReturnType<typeof open>) {
  await manager.start();
  await store("client:ann", "old");
  const answer = call(ANN);
  // Each test waits for it, some of them later.
  answer.catch(() => {});
  await time.advance(0);
  await store("client:ann", "new");
  return { answer };
}

describe("a change of a user's required credential", () => {
  it("lets the calls in flight run for as long as a call may", async () => {
    const steps: string[] = [];
    const opened = openSlow(steps);
    const { time, work } = opened;
    const { answer } = await changeInFlight(opened);
    await time.advance(59_000);
    expect(steps).not.toContain("o1.stop");
    work.resolve("done");
    expect(await answer).toBe("done");
    await time.advance(0);
    expect(steps.slice(-2)).toEqual(["o1.stop", "o1.cleanup"]);
  });

  it("gives the next call an object of its own at once, which has the new one", async () => {
    const steps: string[] = [];
    const opened = openSlow(steps);
    const { call, work } = opened;
    const { answer: old } = await changeInFlight(opened);
    expect(await call(ANN)).toBe("quick");
    expect(steps).not.toContain("o1.stop");
    work.resolve("done");
    expect(await old).toBe("done");
  });

  it("makes no more objects than may be", async () => {
    const opened = openSlow([], { max: 1 });
    const { call, work } = opened;
    const { answer: old } = await changeInFlight(opened);
    expect(await call(ANN)).toEqual({
      kind: "tool-error",
      message: '"a" serves as many users as it can right now. Try again later.',
    });
    work.resolve("done");
    expect(await old).toBe("done");
    expect(await call(ANN)).toBe("quick");
  });

  it("fails no call that waits for the object of before", async () => {
    const ready = Promise.withResolvers<void>();
    let starts = 0;
    const opened = open(
      personal({ start: () => (starts++ === 0 ? ready.promise : Promise.resolve()) }),
    );
    const { call } = opened;
    const { answer: waiting } = await changeInFlight(opened);
    expect(await call(ANN)).toBe("o2: new");
    ready.resolve();
    expect(await waiting).toBe("o1: new");
  });

  it("does not put off the end of the instance for longer than a stop may take", async () => {
    const steps: string[] = [];
    const opened = openSlow(steps);
    const { manager, time } = opened;
    const { answer } = await changeInFlight(opened);
    const stopping = manager.stop();
    await time.advance(9_999);
    expect(steps).not.toContain("o1.stop");
    await time.advance(1);
    await stopping;
    await expect(answer).rejects.toMatchObject({ code: "PLUGIN_UNAVAILABLE" });
    expect(steps.slice(-3)).toEqual(["o1.stop", "o1.cleanup", "o0.cleanup"]);
  });

  it("that the object makes itself does not end it, though another's does", async () => {
    const steps: string[] = [];
    let context: PluginContext | null = null;
    const { manager, call, store, time } = open(
      personal(
        {
          initialize: async (given) => void (context = given),
          async executeTool() {
            const key = await context!.getCredential("key");
            await context!.setCredential("key", `${key}+`);
            return key;
          },
        },
        steps,
      ),
    );
    await manager.start();
    await store("client:ann", "k");
    expect([await call(ANN), await call(ANN)]).toEqual(["k", "k+"]);
    await time.advance(20_000);
    expect(steps).not.toContain("o1.stop");
    await store("client:ann", "other");
    await time.advance(0);
    expect(steps.slice(-2)).toEqual(["o1.stop", "o1.cleanup"]);
  });

  it("that comes while the object writes another is not taken for its own", async () => {
    const steps: string[] = [];
    let context: PluginContext | null = null;
    const { manager, call, store, time } = open(
      personal(
        {
          initialize: async (given) => void (context = given),
          async executeTool() {
            const writing = context!.setCredential("other", "mine");
            await store("client:ann", "new");
            await writing;
            return "done";
          },
        },
        steps,
      ),
    );
    await manager.start();
    await store("client:ann", "old");
    expect(await call(ANN)).toBe("done");
    await time.advance(0);
    expect(steps.slice(-2)).toEqual(["o1.stop", "o1.cleanup"]);
  });
});

describe("an owner's object that does not start", () => {
  function openFailing() {
    const steps: string[] = [];
    const fault = { is: true };
    const start = async () => {
      if (fault.is) throw new Error("the account is locked");
    };
    const test = open(personal({ start }, steps));
    const starts = () => steps.filter((step) => step.endsWith(".start")).length;
    return { ...test, fault, starts };
  }

  it("says so, and is tried again after a time that doubles up to a minute", async () => {
    const { manager, call, store, time, starts } = openFailing();
    await manager.start();
    await store("client:ann");
    let tries = 0;
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await call(ANN)).toEqual(NOT_STARTED);
      expect(starts()).toBe(++tries);
      await time.advance(seconds * 1_000 - 1);
      expect(await call(ANN)).toEqual(NOT_STARTED);
      expect(starts()).toBe(tries);
      await time.advance(1);
    }
  });

  it("is tried again at once when the owner's credentials have changed", async () => {
    const { manager, call, store, fault, starts } = openFailing();
    await manager.start();
    await store("client:ann");
    expect(await call(ANN)).toEqual(NOT_STARTED);
    fault.is = false;
    await store("user:local:bob");
    expect(await call(ANN)).toEqual(NOT_STARTED);
    await store("client:ann", "right");
    expect(await call(ANN)).toBe("o2: right");
    expect(starts()).toBe(2);
  });

  it("concerns nobody else, and is forgotten once it has started", async () => {
    const { manager, call, store, fault, time } = openFailing();
    await manager.start();
    await store("client:ann");
    await store("user:local:bob");
    expect(await call(ANN)).toEqual(NOT_STARTED);
    fault.is = false;
    expect(await call(BOB)).toBe("o2: key of user:local:bob");
    await time.advance(1_000);
    expect(await call(ANN)).toBe("o3: key of client:ann");
    fault.is = true;
    await time.advance(600_000);
    expect(await call(ANN)).toEqual(NOT_STARTED);
    await time.advance(1_000);
    fault.is = false;
    expect(await call(ANN)).toBe("o5: key of client:ann");
  });

  it("counts one failure for calls that come at once", async () => {
    const { manager, call, store, starts, time } = openFailing();
    await manager.start();
    await store("client:ann");
    expect(await Promise.all([call(ANN), call(ANN), call(ANN)])).toEqual([
      NOT_STARTED,
      NOT_STARTED,
      NOT_STARTED,
    ]);
    await time.advance(1_000);
    await call(ANN);
    expect(starts()).toBe(2);
  });
});
