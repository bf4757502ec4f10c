import { describe, expect, it } from "vitest";
import { withProgress } from "../../adapters/node/cli/with-progress.ts";
import { createFakeTime } from "../helpers/fake-time.ts";

/** Work that ends when it is told to, and what a terminal sees of it. */
function begin({ errIsTerminal = true, json = false } = {}) {
  const time = createFakeTime();
  let drawn = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let report: (progress: { done: number; total: number }) => void = () => {};
  const output = { err: (text: string) => void (drawn += text), errIsTerminal };
  const done = withProgress({ output, label: "Checking", json, time }, (tell) => {
    report = tell;
    return promise;
  });
  done.catch(() => {});
  return {
    time,
    done,
    resolve,
    reject,
    report: (count: number) => report({ done: count, total: 4 }),
    drawn: () => drawn,
  };
}

const ERASED = "\r\u001b[2K";
const HALF = `\rChecking [${"#".repeat(15)}${".".repeat(15)}] 50 % (2/4)`;

describe("work that takes long", () => {
  it("shows nothing in its first second, and nothing at all when it ends by then", async () => {
    const { time, done, resolve, drawn } = begin();
    await time.advance(999);
    resolve("well");
    expect(await done).toBe("well");
    expect(drawn()).toBe("");
    expect(time.pending()).toBe(0);
  });

  it("shows then that it goes on, ten times a second, until it has ended", async () => {
    const { time, done, resolve, drawn } = begin();
    await time.advance(1_300);
    resolve("well");
    await done;
    expect(drawn()).toBe(`\rChecking |\rChecking /\rChecking -\rChecking \\${ERASED}`);
    expect(time.pending()).toBe(0);
  });

  it("shows how much is done, also of what was reported in its first second", async () => {
    const { time, done, resolve, report, drawn } = begin();
    report(2);
    await time.advance(1_000);
    expect(drawn()).toBe(HALF);
    resolve("well");
    await done;
    expect(drawn()).toBe(`${HALF}${ERASED}`);
  });

  it("leaves nothing behind when it fails", async () => {
    const { time, done, reject, drawn } = begin();
    await time.advance(1_000);
    reject(new Error("no"));
    await expect(done).rejects.toThrow("no");
    expect(drawn()).toBe(`\rChecking |${ERASED}`);
    expect(time.pending()).toBe(0);
  });

  it.each([
    ["where there is no terminal", { errIsTerminal: false }],
    ["for whoever reads JSON", { json: true }],
  ])("shows nothing %s", async (_, options) => {
    const { time, done, resolve, report, drawn } = begin(options);
    report(2);
    await time.advance(5_000);
    resolve("well");
    expect(await done).toBe("well");
    expect(drawn()).toBe("");
  });
});
