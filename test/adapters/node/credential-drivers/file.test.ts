import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFileDriver } from "../../../../adapters/node/credential-drivers/file.ts";
import type { CredentialId } from "../../../../src/index.ts";
import { openFolder, temporaryFolder } from "./open-file.ts";
import { ID, idOf, textOf } from "./sealed.ts";

const UNREADABLE = { name: "AppError", code: "CREDENTIAL_UNREADABLE" };
const modeOf = (path: string) => statSync(path).mode & 0o777;

/** What is under an open file, also when it has no name any more. */
function bytesUnder(path: string): () => Buffer {
  const file = openSync(path, "r");
  onTestFinished(() => closeSync(file));
  return () => {
    const bytes = Buffer.alloc(10_000);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  };
}

describe("the file driver's files", () => {
  it("are for their owner alone, and say whose credential they hold", async () => {
    const { driver, folder, fileOf, files } = await openFolder(join(temporaryFolder(), "a", "b"));
    const id = idOf("apiKey", "user:issuer:Zo\u00eb\n");
    await driver.write(id, textOf("one"));
    expect([...files().keys()]).toEqual([`plugin-one/${basename(fileOf(id))}`]);
    expect(basename(fileOf(id))).toMatch(/^[0-9a-f]{64}\.sealed$/);
    expect([folder, dirname(fileOf(id)), fileOf(id)].map(modeOf)).toEqual([0o700, 0o700, 0o600]);
    const [whose = "", sealed, checksum, ...rest] = readFileSync(fileOf(id), "utf8").split("\n");
    expect(JSON.parse(whose)).toEqual({
      instance: "one",
      owner: "user:issuer:Zo\u00eb\n",
      name: "apiKey",
    });
    expect([sealed, rest]).toEqual([textOf("one"), [""]]);
    expect(checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  it("keep the record before, and no more", async () => {
    const { driver, fileOf, files } = await openFolder();
    for (const text of ["one", "two", "three"]) await driver.write(ID, textOf(text));
    expect(files().size).toBe(2);
    expect(readFileSync(fileOf(ID), "utf8")).toContain(textOf("three"));
    expect(readFileSync(fileOf(ID, "prev"), "utf8")).toContain(textOf("two"));
  });

  it("have nothing left of a removed record, under any name or none", async () => {
    const { driver, fileOf, files } = await openFolder();
    await driver.write(idOf("other"), textOf("other"));
    for (const text of ["one", "two", "three"]) await driver.write(ID, textOf(text));
    const draft = join(
      dirname(fileOf(ID)),
      `${basename(fileOf(ID), ".sealed")}.${"0".repeat(16)}.tmp`,
    );
    copyFileSync(fileOf(ID), draft);
    const held = [fileOf(ID), fileOf(ID, "prev"), draft].map(bytesUnder);
    await driver.remove(ID);
    expect([...files().values()].map((text) => text.split("\n")[1])).toEqual([textOf("other")]);
    for (const bytes of held) {
      expect(bytes().length).toBeGreaterThan(0);
      expect(bytes().every((byte) => byte === 0)).toBe(true);
    }
  });

  it("have nothing left of a record that was superseded twice", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    const first = bytesUnder(fileOf(ID));
    await driver.write(ID, textOf("two"));
    expect(first().toString()).toContain(textOf("one"));
    await driver.write(ID, textOf("three"));
    expect(first().length).toBeGreaterThan(0);
    expect(first().every((byte) => byte === 0)).toBe(true);
  });

  it("are not overwritten under a second name that somebody gave them", async () => {
    const { driver, folder, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    const backup = join(folder, "backup");
    linkSync(fileOf(ID), backup);
    await driver.remove(ID);
    expect(await driver.read(ID)).toBeNull();
    expect(readFileSync(backup, "utf8")).toContain(textOf("one"));
  });
});

describe("a damaged record of the file driver", () => {
  it("is refused at whatever byte it is cut off", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(idOf("x0"), textOf("one", 30));
    const { size } = statSync(fileOf(idOf("x0")));
    const ids = Array.from({ length: size }, (_, at) => idOf(`n${at}`));
    await Promise.all(ids.map((id) => driver.write(id, textOf("one", 30))));
    for (const [at, id] of ids.entries()) truncateSync(fileOf(id), at);
    const reads = await Promise.allSettled(ids.map((id) => driver.read(id)));
    expect(reads).toHaveLength(size);
    for (const read of reads) {
      expect(read).toMatchObject({ status: "rejected", reason: UNREADABLE });
    }
  });

  it("gives way to the one before, at whatever byte it is cut off or changed", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one", 30));
    await driver.write(ID, textOf("two", 30));
    const whole = readFileSync(fileOf(ID));
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(fileOf(ID), whole.subarray(0, at));
      expect(await driver.read(ID), `cut at ${at}`).toBe(textOf("one", 30));
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(whole);
        flipped[at]! ^= 1 << bit;
        writeFileSync(fileOf(ID), flipped);
        expect(await driver.read(ID), `bit ${bit} of ${at}`).toBe(textOf("one", 30));
      }
    }
    writeFileSync(fileOf(ID), Buffer.concat([whole, Buffer.from("\n")]));
    expect(await driver.read(ID), "with a byte more").toBe(textOf("one", 30));
    writeFileSync(fileOf(ID), whole);
    expect(await driver.read(ID)).toBe(textOf("two", 30));
  });

  it("does not take the place of the whole one before it when the next is written", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    await driver.write(ID, textOf("two"));
    truncateSync(fileOf(ID), 50);
    await driver.write(ID, textOf("three"));
    expect(await driver.read(ID)).toBe(textOf("three"));
    unlinkSync(fileOf(ID));
    expect(await driver.read(ID)).toBe(textOf("one"));
  });

  it("is written anew, and removed, as any other", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    truncateSync(fileOf(ID), 50);
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
    truncateSync(fileOf(ID), 0);
    await driver.remove(ID);
    expect(await driver.read(ID)).toBeNull();
  });

  const others: readonly (readonly [string, CredentialId])[] = [
    ["another name", idOf("other")],
    ["another owner", idOf("apiKey", "client:a")],
    ["another instance", { ...ID, instanceId: "two" }],
  ];
  it.each(others)("is what lies there under %s", async (_what, other) => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    await driver.write(other, textOf("other"));
    copyFileSync(fileOf(other), fileOf(ID));
    await expect(driver.read(ID)).rejects.toMatchObject(UNREADABLE);
    expect(await driver.read(other)).toBe(textOf("other"));
  });
});

describe("after a crash the file driver", () => {
  it("has the record before when the power went between the two renames", async () => {
    const { driver, folder, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    renameSync(fileOf(ID), fileOf(ID, "prev"));
    const { driver: later } = await openFolder(folder);
    expect(await later.read(ID)).toBe(textOf("one"));
    await later.write(ID, textOf("two"));
    expect(await later.read(ID)).toBe(textOf("two"));
    unlinkSync(fileOf(ID));
    expect(await later.read(ID)).toBe(textOf("one"));
  });

  it("removes drafts, and nothing else", async () => {
    const { driver, folder, fileOf, files } = await openFolder();
    await driver.write(ID, textOf("one"));
    const hash = basename(fileOf(ID), ".sealed");
    const own = dirname(fileOf(ID));
    const draft = join(own, `${hash}.0123456789abcdef.tmp`);
    writeFileSync(draft, "half of a rec");
    const bytes = bytesUnder(draft);
    for (const name of ["notes.txt", `${hash}.tmp`, "x.0123456789abcdef.tmp"]) {
      writeFileSync(join(own, name), "mine");
    }
    const before = files().size;
    const { driver: later } = await openFolder(folder);
    expect(readdirSync(own)).not.toContain(basename(draft));
    expect(files().size).toBe(before - 1);
    expect(bytes().every((byte) => byte === 0)).toBe(true);
    expect(await later.read(ID)).toBe(textOf("one"));
  });

  it("removes a record of which only the one before is left", async () => {
    const { driver, fileOf, files } = await openFolder();
    await driver.write(ID, textOf("one"));
    renameSync(fileOf(ID), fileOf(ID, "prev"));
    await driver.remove(ID);
    expect(await driver.read(ID)).toBeNull();
    expect(files().size).toBe(0);
  });
});

describe("several file drivers on one folder", () => {
  it("write, read and start at the same time without losing a record", async () => {
    const { folder, driver } = await openFolder();
    const other = await createFileDriver({ folder });
    const ids = Array.from({ length: 20 }, (_, index) => idOf(`n${index}`));
    const texts = Array.from({ length: 10 }, (_, round) => textOf(`r${round}`));
    const writeAll = async (from: typeof driver, id: CredentialId) => {
      for (const text of texts) await from.write(id, text);
    };
    const starting = { goesOn: true };
    const starts = (async () => {
      for (; starting.goesOn; await pause(5)) await createFileDriver({ folder });
    })();
    await Promise.all(ids.map((id, index) => writeAll(index % 2 === 0 ? driver : other, id)));
    await Promise.all([driver, other].map((from) => writeAll(from, ID)));
    starting.goesOn = false;
    await starts;
    const seen = await Promise.all([ID, ...ids].map((id) => other.read(id)));
    expect(new Set(seen)).toEqual(new Set([texts.at(-1)]));
  });
});

describe("an id that no vault gives", () => {
  it.each([
    ["an instance that leads elsewhere", { ...ID, instanceId: "../one" }],
    ["an instance in capitals", { ...ID, instanceId: "One" }],
    ["no instance", { ...ID, instanceId: "" }],
    ["no name", idOf("")],
    ["a name without end", idOf("x".repeat(81))],
    ["half a character as a name", idOf("\ud800")],
    ["an owner of no kind", { ...ID, owner: "nobody" as "shared" }],
    ["no owner", { ...ID, owner: "" as "shared" }],
  ])("is refused: %s", async (_what, id) => {
    const { driver, files } = await openFolder();
    const refusal = { name: "AppError", code: "CREDENTIAL_INVALID" };
    await expect(driver.read(id)).rejects.toMatchObject(refusal);
    await expect(driver.write(id, textOf("one"))).rejects.toMatchObject(refusal);
    await expect(driver.remove(id)).rejects.toMatchObject(refusal);
    expect(files().size).toBe(0);
  });

  it.each([
    ["of two lines", "v1.a\nb"],
    ["with blanks", "v1 a"],
    ["of other characters", "v1.\u00e4"],
    ["of nothing", ""],
    ["that is too long", textOf("one", 256 * 1024)],
  ])("goes for a record %s, too", async (_what, sealed) => {
    const { driver, files } = await openFolder();
    await expect(driver.write(ID, sealed)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    expect(files().size).toBe(0);
  });
});

it("leaves an empty vault folder as it found it", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "vault"), { mode: 0o700 });
  const { driver } = await openFolder(join(folder, "vault"));
  expect(await driver.read(ID)).toBeNull();
  await driver.remove(ID);
  expect(readdirSync(join(folder, "vault"))).toEqual([]);
  rmSync(folder, { recursive: true });
});
