import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readServerFile, writeServerFile } from "../../../adapters/node/server-file.ts";
import { makeFolder } from "../../helpers/database.ts";

const SECRET = "A".repeat(43);
const FACTS = { pid: 4711, url: "http://127.0.0.1:3000", certFile: null, secret: SECRET };

describe("the file that says where a server runs", () => {
  it("is its owner's alone, and goes with the server", () => {
    const folder = makeFolder();
    const remove = writeServerFile(folder, FACTS);
    expect(readdirSync(folder)).toEqual(["server.json"]);
    expect(statSync(join(folder, "server.json")).mode & 0o777).toBe(0o600);
    expect(readServerFile(folder)).toEqual(FACTS);
    remove();
    expect(readdirSync(folder)).toEqual([]);
    expect(readServerFile(folder)).toBeNull();
  });

  it("takes the place of one that was left, and stays when its predecessor ends later", () => {
    const folder = makeFolder();
    const remove = writeServerFile(folder, FACTS);
    const later = { ...FACTS, secret: "B".repeat(43) };
    writeServerFile(folder, later);
    remove();
    expect(readServerFile(folder)).toEqual(later);
  });

  it.each([
    "",
    "{",
    "null",
    "{}",
    JSON.stringify({ ...FACTS, pid: 0 }),
    JSON.stringify({ ...FACTS, url: "file:///etc/passwd" }),
    JSON.stringify({ ...FACTS, certFile: undefined }),
    JSON.stringify({ ...FACTS, secret: undefined }),
    JSON.stringify({ ...FACTS, secret: "" }),
    JSON.stringify({ ...FACTS, secret: "A".repeat(42) }),
    JSON.stringify({ ...FACTS, secret: "/".repeat(43) }),
  ])("says nothing when it holds %j", (text) => {
    const folder = makeFolder();
    writeFileSync(join(folder, "server.json"), text);
    expect(readServerFile(folder)).toBeNull();
  });

  it("has no secret in it that anything else takes", () => {
    const folder = makeFolder();
    const more = { ...FACTS, adminToken: "mcpa_secret" };
    writeServerFile(folder, more);
    const names = Object.keys(JSON.parse(readFileSync(join(folder, "server.json"), "utf8")));
    expect(names).toEqual(["pid", "url", "certFile", "secret"]);
  });
});
