import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { loadMasterKey, prepareDataFolder } from "../../../adapters/node/data-folder.ts";
import { toBase64Url } from "../../../src/util/bytes.ts";
import { makeFolder } from "../../helpers/database.ts";

const KEY = new Uint8Array(32).map((_, index) => index);
const mode = (path: string) => statSync(path).mode & 0o777;
const invalid = (message: string) =>
  expect.objectContaining({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message) as string,
  }) as Error;

describe("prepareDataFolder", () => {
  it("makes the folder and those above it, for their owner alone", () => {
    const folder = join(makeFolder(), "var", "data");
    prepareDataFolder(folder);
    expect([mode(folder), mode(join(folder, ".."))]).toEqual([0o700, 0o700]);
  });

  it("closes a folder that is open to others, and keeps what is in it", () => {
    const folder = join(makeFolder(), "data");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "master.key"), "");
    prepareDataFolder(folder);
    expect([mode(folder), readdirSync(folder)]).toEqual([0o700, ["master.key"]]);
  });

  it("does not take over a folder that is everybody's", () => {
    const folder = join(makeFolder(), "tmp");
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    expect(() => prepareDataFolder(folder)).toThrow(invalid("is used by others, too"));
    expect(mode(folder)).toBe(0o777);
  });

  it("does not close a folder that others can read and that holds nothing of ours", () => {
    const folder = join(makeFolder(), "lib");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "theirs"), "");
    expect(() => prepareDataFolder(folder)).toThrow(invalid("is used by others, too"));
    expect(mode(folder)).toBe(0o755);
  });

  it("says so when a file is in the way", () => {
    const path = join(makeFolder(), "data");
    writeFileSync(path, "");
    expect(() => prepareDataFolder(path)).toThrow(
      invalid(`The data folder ${path} cannot be made`),
    );
  });
});

describe("loadMasterKey", () => {
  it("makes a key once, in a file that is its owner's alone", () => {
    const folder = makeFolder();
    const key = loadMasterKey(folder, null);
    expect(key).toHaveLength(32);
    expect(mode(join(folder, "master.key"))).toBe(0o600);
    expect(readFileSync(join(folder, "master.key"), "utf8")).toBe(`${toBase64Url(key)}\n`);
    expect(readdirSync(folder)).toEqual(["master.key"]);
    expect(loadMasterKey(folder, null)).toEqual(key);
    expect(loadMasterKey(makeFolder(), null)).not.toEqual(key);
  });

  it("gives one key to several first starts at once", async () => {
    const folder = makeFolder();
    const module = new URL("../../../adapters/node/data-folder.ts", import.meta.url).href;
    const script = `import { loadMasterKey } from ${JSON.stringify(module)};
      process.stdout.write(Buffer.from(loadMasterKey(process.argv[1], null)).toString("hex"));`;
    const start = async () =>
      (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, folder]))
        .stdout;
    const keys = await Promise.all([start(), start(), start(), start()]);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(folder)).toEqual(["master.key"]);
  });

  it("takes a given key, and writes no file for it", () => {
    const folder = makeFolder();
    expect(loadMasterKey(folder, toBase64Url(KEY))).toEqual(KEY);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("takes a given key over the file's, and leaves the file as it is", () => {
    const folder = makeFolder();
    loadMasterKey(folder, null);
    const before = readFileSync(join(folder, "master.key"), "utf8");
    expect(loadMasterKey(folder, toBase64Url(KEY))).toEqual(KEY);
    expect(readFileSync(join(folder, "master.key"), "utf8")).toBe(before);
  });

  it.each(["", "\n", "short", toBase64Url(KEY).slice(1), `${toBase64Url(KEY)}A`])(
    "calls a file that holds %j an error, and never overwrites it",
    (text) => {
      const folder = makeFolder();
      const path = join(folder, "master.key");
      writeFileSync(path, text);
      expect(() => loadMasterKey(folder, null)).toThrow(invalid(`${path}: The master key must be`));
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  it("names the variable when the given key is none, and does not quote it", () => {
    const folder = makeFolder();
    expect(() => loadMasterKey(folder, "not-a-master-key")).toThrow(
      expect.objectContaining({
        message: "MCP_MASTER_KEY: The master key must be exactly 32 bytes, as base64 or as hex.",
      }) as Error,
    );
    expect(existsSync(join(folder, "master.key"))).toBe(false);
  });

  it("says so when the file cannot be read", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "master.key"));
    expect(() => loadMasterKey(folder, null)).toThrow(invalid("cannot be read: EISDIR"));
  });

  it("closes a key file that others can read", () => {
    const folder = makeFolder();
    const path = join(folder, "master.key");
    writeFileSync(path, toBase64Url(KEY));
    chmodSync(path, 0o644);
    expect(loadMasterKey(folder, null)).toEqual(KEY);
    expect(mode(path)).toBe(0o600);
  });
});
