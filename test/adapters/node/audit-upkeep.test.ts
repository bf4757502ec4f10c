import { describe, expect, it } from "vitest";
import { tendAudit } from "../../../adapters/node/audit-upkeep.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const SOON_MS = 10 * 60 * 1_000;

/** @param isHeld whether the first cut waits to be released */
function tend(keepDays: number | null, failing: "recover" | "prune" | null = null, isHeld = false) {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  if (!isHeld) release();
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const done: (string | number)[] = [];
  const step = async (name: "recover" | "prune", what: string | number) => {
    done.push(what);
    if (name === failing) throw new Error("disk full");
  };
  const upkeep = tendAudit({
    audit: {
      recover: async () => {
        await step("recover", "recover");
        return { copied: 0 };
      },
      prune: async (olderThan) => {
        await step("prune", (time.now() - olderThan) / DAY_MS);
        await promise;
        return { chains: 0, records: 0 };
      },
    },
    keepDays,
    time,
    logger,
  });
  return {
    time,
    done,
    upkeep,
    release,
    warnings: () => logger.records.map(({ message }) => message),
  };
}

describe("looking after the audit record", () => {
  it("completes it, and keeps all of it unless told otherwise", async () => {
    const { time, done } = tend(null);
    await time.advance(3 * DAY_MS);
    expect(done).toEqual(["recover"]);
  });

  it("takes away what is older than it is kept, at once and daily", async () => {
    const { time, done } = tend(30);
    await time.advance(0);
    expect(done).toEqual(["recover", 30]);
    await time.advance(2 * DAY_MS);
    expect(done).toEqual(["recover", 30, 30, 30]);
  });

  it("goes on after a failure, which is in the log", async () => {
    const { time, done, warnings } = tend(30, "prune");
    await time.advance(DAY_MS);
    expect(done).toEqual(["recover", 30, 30]);
    expect(warnings()).toEqual([
      "The audit record could not be cut",
      "The audit record could not be cut",
    ]);
  });

  it("cuts also when it could not be completed", async () => {
    const { time, done } = tend(30, "recover");
    await time.advance(0);
    expect(done).toEqual(["recover", 30]);
  });

  it("takes away more soon after it is kept for less, and then daily", async () => {
    const { time, done, upkeep } = tend(null);
    await time.advance(0);
    upkeep.keepFor(30);
    await time.advance(SOON_MS - 1);
    expect(done).toEqual(["recover"]);
    await time.advance(1);
    expect(done).toEqual(["recover", 30]);
    await time.advance(DAY_MS);
    expect(done).toEqual(["recover", 30, 30]);
  });

  it("takes nothing away of what somebody had set by mistake and took back soon", async () => {
    const { time, done, upkeep } = tend(90);
    await time.advance(0);
    upkeep.keepFor(1);
    await time.advance(SOON_MS / 2);
    upkeep.keepFor(null);
    await time.advance(2 * DAY_MS);
    expect(done).toEqual(["recover", 90]);
  });

  it("goes by what was set while it was at work", async () => {
    const { time, done, upkeep, release } = tend(90, null, true);
    await time.advance(0);
    upkeep.keepFor(30);
    release();
    await time.advance(SOON_MS);
    expect(done).toEqual(["recover", 90, 30]);
  });

  it("ends when it is told to", async () => {
    const { time, done, upkeep } = tend(30);
    await time.advance(0);
    await upkeep.end();
    upkeep.keepFor(5);
    await time.advance(2 * DAY_MS);
    expect(done).toEqual(["recover", 30]);
    expect(time.pending()).toBe(0);
  });
});
