import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { withDeadline } from "../../src/util/deadline.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

const NEVER = new Promise<never>(() => {});

describe("withDeadline", () => {
  it("answers what the work answers", async () => {
    const time = createFakeTime();
    await expect(withDeadline(async () => 7, 1_000, "Work", time)).resolves.toBe(7);
    await expect(withDeadline(() => 8, 1_000, "Work", time)).resolves.toBe(8);
  });

  it("passes on what the work throws, at once or later", async () => {
    const time = createFakeTime();
    const fault = new Error("no");
    const throwing = () => {
      throw fault;
    };
    await expect(withDeadline(throwing, 1_000, "Work", time)).rejects.toBe(fault);
    await expect(withDeadline(() => Promise.reject(fault), 1_000, "Work", time)).rejects.toBe(
      fault,
    );
  });

  it("gives up when the time is over and not before", async () => {
    const time = createFakeTime();
    let error: unknown = null;
    const work = withDeadline(() => NEVER, 1_000, "Work", time).catch((thrown: unknown) => {
      error = thrown;
    });
    await time.advance(999);
    expect(error).toBeNull();
    await time.advance(1);
    await work;
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: "PLUGIN_TIMEOUT",
      message: "Work took longer than 1000 ms.",
    });
  });

  it("swallows a rejection that comes after its time", async () => {
    const time = createFakeTime();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const late = Promise.withResolvers<never>();
      const work = withDeadline(() => late.promise, 10, "Work", time).catch(() => "given up");
      await time.advance(10);
      late.reject(new Error("too late"));
      await expect(work).resolves.toBe("given up");
      await time.advance(0);
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });
});
