import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileWatch } from "../../../../adapters/node/dev/file-watch.ts";
import { createRecordingLogger } from "../../../helpers/logger.ts";

let folder: string;
let watch: FileWatch;
let told: string[][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-watch-"));
  told = [];
  watch = new FileWatch({
    logger: createRecordingLogger(),
    onChange: (paths) =>
      told.push([...paths].map((path) => path.slice(folder.length + 1)).toSorted()),
  });
});

afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** On a busy machine. */
const WAIT = { timeout: 10_000, interval: 10 };
/** Long enough for everything that may still be told. */
const QUIET_MS = 300;

describe("a watched file", () => {
  it.each([
    { what: "is written", change: () => void write("a.ts", "2") },
    { what: "is written again with the same text", change: () => void write("a.ts", "1") },
    {
      what: "is replaced by renaming, as editors save",
      change: () => renameSync(write("a.ts.tmp", "2"), join(folder, "a.ts")),
    },
    {
      what: "is deleted and made anew",
      change: () => {
        rmSync(join(folder, "a.ts"));
        write("a.ts", "2");
      },
    },
    {
      what: "is written in many steps",
      change: () => {
        for (let step = 0; step < 20; step++) write("a.ts", "2".repeat(step));
      },
    },
    { what: "is deleted", change: () => rmSync(join(folder, "a.ts")) },
  ])("is told of once when it $what", async ({ change }) => {
    watch.addFile(write("a.ts", "1"));
    write("b.ts", "1");
    await delay(20);
    change();
    await vi.waitFor(() => expect(told).toHaveLength(1), WAIT);
    await delay(QUIET_MS);
    expect(told).toEqual([["a.ts"]]);
  });

  it("is told of each time", async () => {
    watch.addFile(write("a.ts", "0"));
    for (let change = 1; change <= 5; change++) {
      write("a.ts", "x".repeat(change));
      await vi.waitFor(() => expect(told).toHaveLength(change), WAIT);
    }
  });

  it("need not be there yet", async () => {
    watch.addFile(join(folder, "later.ts"));
    write("later.ts", "1");
    await vi.waitFor(() => expect(told).toEqual([["later.ts"]]), WAIT);
  });

  it("is told of together with others that change at the same time", async () => {
    watch.addFile(write("a.ts", "1"));
    watch.addFile(write("b.ts", "1"));
    await delay(20);
    write("a.ts", "22");
    write("b.ts", "22");
    await vi.waitFor(() => expect(told).toEqual([["a.ts", "b.ts"]]), WAIT);
  });

  it("is watched again when its folder was made anew", async () => {
    mkdirSync(join(folder, "sub"));
    watch.addFile(write("sub/a.ts", "1"));
    rmSync(join(folder, "sub"), { recursive: true });
    mkdirSync(join(folder, "sub"));
    watch.addFile(write("sub/a.ts", "22"));
    await vi.waitFor(() => expect(told).not.toEqual([]), WAIT);
    told.length = 0;
    await delay(QUIET_MS);
    write("sub/a.ts", "333");
    await vi.waitFor(() => expect(told).toEqual([["sub/a.ts"]]), WAIT);
  });

  it("is forgotten after close", async () => {
    watch.addFile(write("a.ts", "1"));
    write("a.ts", "22");
    // Long enough for the news, and not for telling it.
    await delay(10);
    watch.close();
    await delay(QUIET_MS);
    expect(told).toEqual([]);
  });

  it("that is a link in a circle is as good as not there, until it is another", async () => {
    symlinkSync("loop", join(folder, "loop"));
    watch.addFile(join(folder, "loop"));
    watch.addFile(join(folder, "loop", "package.json"));
    rmSync(join(folder, "loop"));
    write("loop", "1");
    await vi.waitFor(() => expect(told).toEqual([["loop"]]), WAIT);
    rmSync(join(folder, "loop"));
    symlinkSync("loop", join(folder, "loop"));
    await vi.waitFor(() => expect(told).toEqual([["loop"], ["loop"]]), WAIT);
  });

  it("is waited for with the folders above it", async () => {
    watch.addFile(join(folder, "lib", "deep", "a.ts"));
    mkdirSync(join(folder, "other"));
    await delay(QUIET_MS);
    expect(told).toEqual([]);
    mkdirSync(join(folder, "lib", "deep"), { recursive: true });
    write("lib/deep/a.ts", "1");
    await vi.waitFor(() => expect(told).toEqual([["lib/deep/a.ts"]]), WAIT);
    write("lib/deep/a.ts", "22");
    await vi.waitFor(() => expect(told).toHaveLength(2), WAIT);
  });

  it("goes and comes with its folder", async () => {
    mkdirSync(join(folder, "lib"));
    watch.addFile(write("lib/a.ts", "1"));
    renameSync(join(folder, "lib"), join(folder, "lib2"));
    await vi.waitFor(() => expect(told).toEqual([["lib/a.ts"]]), WAIT);
    write("lib2/a.ts", "22");
    renameSync(join(folder, "lib2"), join(folder, "lib"));
    await vi.waitFor(() => expect(told).toHaveLength(2), WAIT);
    write("lib/a.ts", "333");
    await vi.waitFor(() => expect(told).toHaveLength(3), WAIT);
    expect(told.flat()).toEqual(["lib/a.ts", "lib/a.ts", "lib/a.ts"]);
  });

  it("that is newer than its reader is told of at once", async () => {
    const path = write("a.ts", "1");
    watch.addFile(path, Date.now() - 60_000);
    await vi.waitFor(() => expect(told).toEqual([["a.ts"]]), WAIT);
    watch.addFile(write("b.ts", "1"), Date.now() + 60_000);
    await delay(QUIET_MS);
    expect(told).toEqual([["a.ts"]]);
  });

  it("that is kept no longer is nobody's business", async () => {
    watch.addFile(write("a.ts", "1"));
    watch.addFile(write("b.ts", "1"));
    watch.keepFiles(new Set([join(folder, "b.ts")]));
    write("a.ts", "22");
    write("b.ts", "22");
    await vi.waitFor(() => expect(told).toEqual([["b.ts"]]), WAIT);
    await delay(QUIET_MS);
    expect(told).toEqual([["b.ts"]]);
  });
});

describe("a watched folder", () => {
  it("tells of what comes, changes and goes in it", async () => {
    expect(watch.setFolders(new Set([folder]))).toBe(true);
    expect(watch.setFolders(new Set([folder]))).toBe(false);
    mkdirSync(join(folder, "new-plugin"));
    await vi.waitFor(() => expect(told).toEqual([["new-plugin"]]), WAIT);
    write("x.txt", "1");
    await vi.waitFor(() => expect(told).toEqual([["new-plugin"], ["x.txt"]]), WAIT);
    rmSync(join(folder, "x.txt"));
    await vi.waitFor(() => expect(told).toEqual([["new-plugin"], ["x.txt"], ["x.txt"]]), WAIT);
  });

  it("tells of its files of interest alone once the rest is of none", async () => {
    watch.addFile(write("a.ts", "1"));
    watch.setFolders(new Set([folder]));
    watch.setFolders(new Set());
    write("b.ts", "1");
    write("a.ts", "22");
    await vi.waitFor(() => expect(told).toHaveLength(1), WAIT);
    await delay(QUIET_MS);
    expect(told).toEqual([["a.ts"]]);
  });
});
