import {
  appendFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileAnchor } from "../../../adapters/node/audit-anchor.ts";
import { makeFolder } from "../../helpers/database.ts";

const A = { chain: "019f0000-0000-7000-8000-00000000000a", seq: 3, mac: "a".repeat(43) };
const B = { chain: "019f0000-0000-7000-8000-00000000000b", seq: 9, mac: "b".repeat(43) };

describe("the anchor file", () => {
  it("has the latest head of each chain, one line for each that came", async () => {
    const path = join(makeFolder(), "deep", "anchor.jsonl");
    const anchor = createFileAnchor(path);
    expect(await anchor.heads()).toEqual([]);
    await anchor.anchor(B);
    await anchor.anchor(A);
    await anchor.anchor({ ...A, seq: 12 });
    expect(await createFileAnchor(path).heads()).toEqual([{ ...A, seq: 12 }, B]);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(3);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is not put off by half a line, nor by one that is none", async () => {
    const path = join(makeFolder(), "anchor.jsonl");
    const anchor = createFileAnchor(path);
    await anchor.anchor(A);
    appendFileSync(path, 'nothing\n{"chain":5}\n{"chain":"019f');
    await anchor.anchor(B);
    expect(await anchor.heads()).toEqual([A, B]);
  });

  it("is read piece by piece, whatever lies in it between two lines", async () => {
    const path = join(makeFolder(), "anchor.jsonl");
    const anchor = createFileAnchor(path);
    await anchor.anchor(A);
    const many = Array.from({ length: 5_000 }, (_, index) =>
      JSON.stringify({ ...B, seq: index + 1 }),
    );
    appendFileSync(path, `${"x".repeat(300_000)}${JSON.stringify({ ...A, seq: 99 })}\n`);
    appendFileSync(path, `${many.join("\n")}\n`);
    expect(await anchor.heads()).toEqual([A, { ...B, seq: 5_000 }]);
  });

  it("is written anew with the latest heads when it is too long, and goes on", async () => {
    const folder = makeFolder();
    const path = join(folder, "anchor.jsonl");
    const anchor = createFileAnchor(path, { maxBytes: 2_000 });
    await anchor.anchor(B);
    for (let seq = 1; seq <= 100; seq++) await anchor.anchor({ ...A, seq });
    expect(statSync(path).size).toBeLessThan(2_200);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await anchor.heads()).toEqual([{ ...A, seq: 100 }, B]);
    expect(readdirSync(folder)).toEqual(["anchor.jsonl"]);
  });

  it("stays on its own disk where its name is a link", async () => {
    const [here, there] = [makeFolder(), makeFolder()];
    symlinkSync(join(there, "heads"), join(here, "anchor.jsonl"));
    const anchor = createFileAnchor(join(here, "anchor.jsonl"), { maxBytes: 500 });
    for (let seq = 1; seq <= 50; seq++) await anchor.anchor({ ...A, seq });
    expect(lstatSync(join(here, "anchor.jsonl")).isSymbolicLink()).toBe(true);
    expect(statSync(join(there, "heads")).size).toBeLessThan(700);
    expect(await anchor.heads()).toEqual([{ ...A, seq: 50 }]);
  });

  it("goes on at its end where nothing can be put in its place", async () => {
    const folder = makeFolder();
    const path = join(folder, "anchor.jsonl");
    let tried = 0;
    const replace = async () => {
      tried++;
      throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
    };
    const anchor = createFileAnchor(path, { maxBytes: 500, replace });
    for (let seq = 1; seq <= 100; seq++) await anchor.anchor({ ...A, seq });
    expect(await anchor.heads()).toEqual([{ ...A, seq: 100 }]);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(100);
    expect(readdirSync(folder)).toEqual(["anchor.jsonl"]);
    // Each time that it is twice as long, not with each head.
    expect(tried).toBe(5);
  });
});
