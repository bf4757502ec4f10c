import { describe, expect, it } from "vitest";
import { createProgressBar } from "../../adapters/node/cli/progress-bar.ts";

function open(isTerminal = true) {
  let time = 0;
  let drawn = "";
  const bar = createProgressBar({
    label: "Sealing anew",
    write: isTerminal ? (text) => void (drawn += text) : null,
    now: () => time,
  });
  return { bar, at: (ms: number) => void (time = ms), drawn: () => drawn };
}

describe("a progress bar", () => {
  it("does not show for work of less than a second", () => {
    const { bar, at, drawn } = open();
    for (const ms of [0, 500, 999]) {
      at(ms);
      bar.report({ done: ms, total: 1000 });
    }
    bar.clear();
    expect(drawn()).toBe("");
  });

  it("shows after that, ten times a second at most, and goes without a trace", () => {
    const { bar, at, drawn } = open();
    at(1000);
    bar.report({ done: 1, total: 4 });
    at(1050);
    bar.report({ done: 2, total: 4 });
    at(1100);
    bar.report({ done: 3, total: 4 });
    bar.report({ done: 4, total: 4 });
    bar.clear();
    bar.clear();
    expect(drawn().split("\r")).toEqual([
      "",
      `Sealing anew [${"#".repeat(8)}${".".repeat(22)}] 25 % (1/4)`,
      `Sealing anew [${"#".repeat(23)}${".".repeat(7)}] 75 % (3/4)`,
      `Sealing anew [${"#".repeat(30)}] 100 % (4/4)`,
      "\u001b[2K",
    ]);
  });

  it("is full when there is nothing to do", () => {
    const { bar, at, drawn } = open();
    at(1000);
    bar.report({ done: 0, total: 0 });
    expect(drawn()).toContain("100 % (0/0)");
  });

  it("draws nothing where there is no terminal", () => {
    const { bar, at, drawn } = open(false);
    at(5000);
    bar.report({ done: 1, total: 2 });
    bar.clear();
    expect(drawn()).toBe("");
  });
});
