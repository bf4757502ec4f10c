import { appendFileSync, readFileSync, statSync } from "node:fs";
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
});
