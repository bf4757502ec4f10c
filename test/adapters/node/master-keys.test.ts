import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  createFileMasterKeys,
  createGivenMasterKeys,
  masterKeysOf,
} from "../../../adapters/node/master-keys.ts";
import type { Secrets } from "../../../adapters/node/secrets.ts";
import { toBase64Url } from "../../../src/util/bytes.ts";
import { makeFolder } from "../../helpers/database.ts";

const KEY = new Uint8Array(32).map((_, index) => index);
const OTHER = new Uint8Array(32).fill(9);
const NOT_A_KEY = "The master key must be exactly 32 bytes, as base64 or as hex.";
const mode = (path: string) => statSync(path).mode & 0o777;
const text = (path: string) => readFileSync(path, "utf8");
const begun = async (folder: string) => {
  const keys = createFileMasterKeys(folder);
  await keys.begin!();
  return keys;
};
/** The one file of a next key. */
const nextKeyFile = (folder: string) =>
  join(
    folder,
    readdirSync(folder).find((name) => name.startsWith("master.key.next"))!,
  );
const fails = (message: string) => expect.objectContaining({ code: "CONFIG_INVALID", message });

describe("a master key in the data folder", () => {
  it("is made once, in a file that is its owner's alone", async () => {
    const folder = makeFolder();
    const keys = createFileMasterKeys(folder);
    await keys.begin!();
    const key = await keys.current();
    expect(key).toHaveLength(32);
    expect(mode(join(folder, "master.key"))).toBe(0o600);
    expect(text(join(folder, "master.key"))).toBe(`${toBase64Url(key)}\n`);
    expect(readdirSync(folder)).toEqual(["master.key"]);
    await createFileMasterKeys(folder).begin!();
    expect(await keys.current()).toEqual(key);
    expect(await createFileMasterKeys(folder).current()).toEqual(key);
    expect(await (await begun(makeFolder())).current()).not.toEqual(key);
  });

  it("is not made anew when it is gone", async () => {
    const folder = makeFolder();
    const path = join(folder, "master.key");
    const keys = await begun(folder);
    rmSync(path);
    await expect(keys.current()).rejects.toMatchObject({
      code: "VAULT_KEY_WRONG",
      message: `The master key is gone: put the file ${path} back, or set MCP_MASTER_KEY_FILE or MCP_MASTER_KEY.`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is a copy each time, which its user may zero", async () => {
    const keys = await begun(makeFolder());
    const key = await keys.current();
    const before = key.slice();
    key.fill(0);
    expect(await keys.current()).toEqual(before);
  });

  it("is the same for several first starts at once", async () => {
    const folder = makeFolder();
    const module = new URL("../../../adapters/node/master-keys.ts", import.meta.url).href;
    const script = `import { createFileMasterKeys } from ${JSON.stringify(module)};
      const keys = createFileMasterKeys(process.argv[1]);
      await keys.begin();
      const key = await keys.current();
      process.stdout.write(Buffer.from(key).toString("hex"));`;
    const start = async () =>
      (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, folder]))
        .stdout;
    const keys = await Promise.all([start(), start(), start(), start()]);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(folder)).toEqual(["master.key"]);
  });

  it.each(["", "\n", "short", toBase64Url(KEY).slice(1), `${toBase64Url(KEY)}A`])(
    "is an error when the file holds %j, which is never overwritten",
    async (content) => {
      const folder = makeFolder();
      const path = join(folder, "master.key");
      writeFileSync(path, content);
      const keys = createFileMasterKeys(folder);
      await expect(keys.current()).rejects.toEqual(fails(`${path}: ${NOT_A_KEY}`));
      expect(text(path)).toBe(content);
    },
  );

  it("is an error when the file cannot be read", async () => {
    const folder = makeFolder();
    const path = join(folder, "master.key");
    mkdirSync(path);
    await expect(createFileMasterKeys(folder).current()).rejects.toEqual(
      fails(
        `The master key ${path} cannot be read: EISDIR: illegal operation on a directory, read`,
      ),
    );
  });

  it("is closed to others when they can read it", async () => {
    const folder = makeFolder();
    const path = join(folder, "master.key");
    writeFileSync(path, toBase64Url(KEY));
    chmodSync(path, 0o644);
    expect(await createFileMasterKeys(folder).current()).toEqual(KEY);
    expect(mode(path)).toBe(0o600);
  });
});

describe("the rotation of a master key in the data folder", () => {
  it("keeps the next key beside the current one until it is finished, and the one before from then on", async () => {
    const folder = makeFolder();
    const keys = await begun(folder);
    const before = await keys.current();
    expect(await keys.others()).toEqual([]);

    const next = await keys.rotation!.prepare();
    expect(next).not.toEqual(before);
    expect(await keys.current()).toEqual(before);
    expect(await keys.others()).toEqual([next]);
    expect(mode(nextKeyFile(folder))).toBe(0o600);

    expect(await keys.rotation!.finish(next)).toBe(true);
    expect(await keys.current()).toEqual(next);
    expect(await keys.others()).toEqual([before]);
    expect(readdirSync(folder)).toEqual(["master.key", "master.key.previous"]);
    expect(mode(join(folder, "master.key"))).toBe(0o600);
    expect(mode(join(folder, "master.key.previous"))).toBe(0o600);

    const third = await keys.rotation!.prepare();
    expect(await keys.others()).toEqual([third]);
  });

  it("goes on with the key of one that was interrupted, in another process, too", async () => {
    const folder = makeFolder();
    await begun(folder);
    const next = await createFileMasterKeys(folder).rotation!.prepare();
    expect(await createFileMasterKeys(folder).rotation!.prepare()).toEqual(next);
    expect(await createFileMasterKeys(folder).rotation!.finish(next)).toBe(true);
    expect(await createFileMasterKeys(folder).current()).toEqual(next);
  });

  it("may be finished twice", async () => {
    const keys = await begun(makeFolder());
    const next = await keys.rotation!.prepare();
    expect(await keys.rotation!.finish(next)).toBe(true);
    expect(await keys.rotation!.finish(next)).toBe(true);
    expect(await keys.current()).toEqual(next);
  });

  it("makes another key the next time", async () => {
    const keys = await begun(makeFolder());
    const seen = [toBase64Url(await keys.current())];
    for (let round = 0; round < 3; round++) {
      const next = await keys.rotation!.prepare();
      seen.push(toBase64Url(next));
      await keys.rotation!.finish(next);
    }
    expect(new Set(seen).size).toBe(4);
  });

  it("by one that comes late does not put an earlier key over a later one", async () => {
    const keys = await begun(makeFolder());
    const early = await keys.rotation!.prepare();
    await keys.rotation!.finish(early);
    const late = await keys.rotation!.prepare();
    await keys.rotation!.finish(late);
    expect(await keys.rotation!.finish(early)).toBe(false);
    expect(await keys.current()).toEqual(late);
  });

  it("does not put into force what is no key, and leaves the current one", async () => {
    const folder = makeFolder();
    const keys = await begun(folder);
    const before = await keys.current();
    const next = await keys.rotation!.prepare();
    const path = nextKeyFile(folder);
    writeFileSync(path, "half a k");
    await expect(keys.rotation!.prepare()).rejects.toEqual(fails(`${path}: ${NOT_A_KEY}`));
    await expect(keys.rotation!.finish(next)).rejects.toEqual(fails(`${path}: ${NOT_A_KEY}`));
    await expect(keys.others()).rejects.toEqual(fails(`${path}: ${NOT_A_KEY}`));
    expect(await keys.current()).toEqual(before);
  });
});

describe("a master key from the environment", () => {
  const settings = (secrets: Partial<Secrets>, dataDir = makeFolder()) => ({
    dataDir,
    secrets: { masterKey: null, previousMasterKey: null, ...secrets } as Secrets,
  });

  it("counts instead of the data folder's, where nothing is made or changed", async () => {
    const folder = makeFolder();
    const keys = masterKeysOf(settings({ masterKey: toBase64Url(KEY) }, folder));
    expect(await keys.current()).toEqual(KEY);
    expect(await keys.others()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);

    await begun(folder);
    const before = text(join(folder, "master.key"));
    expect(await keys.current()).toEqual(KEY);
    expect(await keys.others()).toEqual([]);
    expect(text(join(folder, "master.key"))).toBe(before);
  });

  it("gives way to the data folder's where there is none", async () => {
    const folder = makeFolder();
    const keys = masterKeysOf(settings({}, folder));
    await keys.begin!();
    const key = await keys.current();
    expect(text(join(folder, "master.key"))).toBe(`${toBase64Url(key)}\n`);
  });

  it("has the one before it beside it, and cannot be rotated from here", async () => {
    const keys = createGivenMasterKeys(toBase64Url(KEY), toBase64Url(OTHER));
    expect(await keys.current()).toEqual(KEY);
    expect(await keys.others()).toEqual([OTHER]);
    expect(keys.rotation).toBeUndefined();
  });

  it("is a copy each time", async () => {
    const keys = createGivenMasterKeys(toBase64Url(KEY), toBase64Url(OTHER));
    (await keys.current()).fill(0);
    (await keys.others())[0]!.fill(0);
    expect([await keys.current(), await keys.others()]).toEqual([KEY, [OTHER]]);
  });

  it.each([
    ["MCP_MASTER_KEY", "not-a-master-key", null],
    ["MCP_MASTER_KEY_PREVIOUS", toBase64Url(KEY), "not-a-master-key"],
  ])("is an error that names %s, and does not quote it", (name, current, previous) => {
    const folder = makeFolder();
    const take = () =>
      masterKeysOf(settings({ masterKey: current, previousMasterKey: previous }, folder));
    expect(take).toThrow(fails(`${name}: ${NOT_A_KEY}`) as Error);
    expect(existsSync(join(folder, "master.key"))).toBe(false);
  });
});
