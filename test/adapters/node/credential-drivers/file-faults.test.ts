import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createFileDriver } from "../../../../adapters/node/credential-drivers/file.ts";
import { openFolder, temporaryFolder } from "./open-file.ts";
import { ID, textOf } from "./sealed.ts";

const WRITER = fileURLToPath(new URL("../../../fixtures/file-driver-writer.ts", import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
/** Only root can make one. */
const DEVICE: [string, string, (path: string) => void] = [
  "a device",
  "is not a file",
  (path) => make("mknod", path, "c 1 3"),
];
const refusal = (message: string) => ({
  name: "AppError",
  code: "VAULT_UNAVAILABLE",
  message: expect.stringContaining(message),
});

describe.skipIf(process.platform === "win32")("in the place of a credential's file", () => {
  const victim = "somebody else's file";
  it.each<[string, string, (path: string, folder: string) => void]>([
    ["a link to a file", "is a link", (path, folder) => symlinkSync(join(folder, "victim"), path)],
    ["a link to nothing", "is a link", (path, folder) => symlinkSync(join(folder, "no"), path)],
    ["a FIFO", "is not a file", (path) => make("mkfifo", path)],
    ["a folder", "is not a file", (path) => mkdirSync(path)],
    ...(isRoot ? [DEVICE] : []),
    [
      "a file that is far too large",
      "has more than 262144 bytes",
      (path) => writeFileSync(path, Buffer.alloc(256 * 1024 + 1), { mode: 0o600 }),
    ],
    [
      "a file that others may write",
      "may be written by others",
      (path) => {
        writeFileSync(path, "x");
        chmodSync(path, 0o620);
      },
    ],
  ])("%s is not used: neither read, nor written, nor removed", async (_what, why, put) => {
    const { driver, folder, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    writeFileSync(join(folder, "victim"), victim);
    unlinkSync(fileOf(ID));
    put(fileOf(ID), folder);
    await expect(driver.read(ID)).rejects.toMatchObject(refusal(why));
    await expect(driver.write(ID, textOf("two"))).rejects.toMatchObject(refusal(why));
    await expect(driver.remove(ID)).rejects.toMatchObject(refusal(why));
    expect(readFileSync(join(folder, "victim"), "utf8")).toBe(victim);
    expect(readdirSync(folder).toSorted()).toEqual(["plugin-one", "victim"]);
    rmSync(fileOf(ID), { recursive: true });
    await driver.write(ID, textOf("two"));
    expect(await driver.read(ID)).toBe(textOf("two"));
  });

  it.runIf(isRoot)("a file of somebody else is not used", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    chownSync(fileOf(ID), NOBODY, NOBODY);
    await expect(driver.read(ID)).rejects.toMatchObject(refusal("belongs to somebody else"));
  });

  it("a file that others may read is closed to them", async () => {
    const { driver, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    chmodSync(fileOf(ID), 0o644);
    expect(await driver.read(ID)).toBe(textOf("one"));
    expect(statSync(fileOf(ID)).mode & 0o777).toBe(0o600);
  });
});

describe.skipIf(process.platform === "win32")("the vault's folder", () => {
  it("is not used where an instance's folder is a link", async () => {
    const { driver, folder, fileOf } = await openFolder();
    await driver.write(ID, textOf("one"));
    const elsewhere = join(temporaryFolder(), "elsewhere");
    renameSync(dirname(fileOf(ID)), elsewhere);
    symlinkSync(elsewhere, dirname(fileOf(ID)));
    await expect(driver.read(ID)).rejects.toMatchObject(refusal("is not a folder"));
    await expect(driver.write(ID, textOf("two"))).rejects.toMatchObject(refusal("is not a folder"));
    await expect(driver.remove(ID)).rejects.toMatchObject(refusal("is not a folder"));
    await expect(createFileDriver({ folder })).rejects.toMatchObject(refusal("is not a folder"));
    expect(readdirSync(elsewhere)).toHaveLength(1);
  });

  it("may be reached through a link, which is followed once", async () => {
    const folder = temporaryFolder();
    const [real, link] = [join(folder, "real"), join(folder, "link")];
    mkdirSync(real);
    symlinkSync(real, link);
    const { driver } = await openFolder(link);
    unlinkSync(link);
    await driver.write(ID, textOf("one"));
    expect(readdirSync(real)).toEqual(["plugin-one"]);
  });

  it("is not taken for empty, nor written to, when another stands in its place", async () => {
    const folder = join(temporaryFolder(), "vault");
    const { driver } = await openFolder(folder);
    await driver.write(ID, textOf("one"));
    renameSync(folder, `${folder}-away`);
    await expect(driver.read(ID)).rejects.toMatchObject(refusal("is gone"));
    mkdirSync(folder, { mode: 0o700 });
    await expect(driver.read(ID)).rejects.toMatchObject(refusal("is another folder"));
    await expect(driver.write(ID, textOf("two"))).rejects.toMatchObject(refusal("another folder"));
    await expect(driver.remove(ID)).rejects.toMatchObject(refusal("is another folder"));
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
    renameSync(`${folder}-away`, folder);
    expect(await driver.read(ID)).toBe(textOf("one"));
  });

  it("is not taken from others who use it, and its mode stays", async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "index.html"), "");
    await expect(createFileDriver({ folder })).rejects.toMatchObject(
      refusal("is used by others, too: name a folder of its own (MCP_VAULT_DIR)"),
    );
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  it("is closed to others when it is ours", async () => {
    const folder = temporaryFolder();
    const { driver, fileOf } = await openFolder(folder);
    await driver.write(ID, textOf("one"));
    for (const path of [folder, dirname(fileOf(ID))]) chmodSync(path, 0o755);
    const { driver: later } = await openFolder(folder);
    expect(await later.read(ID)).toBe(textOf("one"));
    for (const path of [folder, dirname(fileOf(ID))]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
  });

  it.each([0o777, 0o770, 0o1777])("is not used when others may write to it: %o", async (mode) => {
    const folder = temporaryFolder();
    const { driver } = await openFolder(folder);
    await driver.write(ID, textOf("one"));
    chmodSync(folder, mode);
    const why = refusal("may be written by others");
    await expect(createFileDriver({ folder })).rejects.toMatchObject(why);
    await expect(driver.read(ID)).rejects.toMatchObject(why);
    await expect(driver.write(ID, textOf("two"))).rejects.toMatchObject(why);
    chmodSync(folder, 0o700);
    expect(await driver.read(ID)).toBe(textOf("one"));
  });

  it("cannot be below a file", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const folder = join(file, "vault");
    await expect(createFileDriver({ folder })).rejects.toMatchObject(refusal(folder));
  });
});

/** Writes one record in another process, on which the system puts limits. */
function writeOnce(
  folder: string,
  text: string,
  options: { ulimit?: number; uid?: number },
): string {
  const { ulimit, uid } = options;
  const limit = ulimit === undefined ? "" : `ulimit -f ${ulimit}; `;
  const command = `${limit}exec "$0" "$@"`;
  const { stdout, stderr } = spawnSync(
    "sh",
    ["-c", command, process.execPath, WRITER, folder, "once", text],
    { encoding: "utf8", ...(uid !== undefined && { uid, gid: uid }) },
  );
  return stdout === "" ? stderr : stdout;
}

/** As root nothing is forbidden, so somebody else has to try; where the code is out of their reach, nobody can. */
function canActAsNobody(): boolean {
  const { status } = spawnSync(process.execPath, ["--check", WRITER], { uid: NOBODY, gid: NOBODY });
  return status === 0;
}

describe.skipIf(process.platform === "win32")("a disk that takes no more", () => {
  it("fails the write with a clear error, keeps the record before, and needs no repair", async () => {
    const { driver, folder, files } = await openFolder();
    await driver.write(ID, textOf("one"));
    const before = files();
    const outcome = writeOnce(folder, textOf("two", 100_000), { ulimit: 16 });
    expect(outcome).toMatch(/^VAULT_UNAVAILABLE The vault's folder .* because it is full: EFBIG/);
    expect(outcome).toContain(folder);
    expect(files()).toEqual(before);
    await driver.write(ID, textOf("two", 100_000));
    expect(await driver.read(ID)).toBe(textOf("two", 100_000));
  });

  it.runIf(!isRoot || canActAsNobody())(
    "fails the write when the folder may not be written, and keeps the record",
    async () => {
      const { driver, folder, files, fileOf } = await openFolder();
      await driver.write(ID, textOf("one"));
      const paths = [folder, dirname(fileOf(ID)), fileOf(ID)];
      if (isRoot) for (const path of paths) chownSync(path, NOBODY, NOBODY);
      chmodSync(dirname(fileOf(ID)), 0o500);
      const before = files();
      const outcome = writeOnce(folder, textOf("two"), isRoot ? { uid: NOBODY } : {});
      expect(outcome).toMatch(/^VAULT_UNAVAILABLE .* may not be written or read: EACCES/);
      expect(files()).toEqual(before);
      chmodSync(dirname(fileOf(ID)), 0o700);
      if (isRoot) for (const path of paths) chownSync(path, 0, 0);
      await driver.write(ID, textOf("two"));
      expect(await driver.read(ID)).toBe(textOf("two"));
    },
  );
});

it("loses no record that was stored when the process is killed while it writes", async () => {
  const folder = temporaryFolder();
  for (let cycle = 0; cycle < 4; cycle++) {
    const child = spawn(process.execPath, [WRITER, folder, "loop"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150));
    child.kill("SIGKILL");
    await once(child, "close");
    const stored = Number(output.trimEnd().split("\n").at(-1));
    const { driver, files } = await openFolder(folder);
    const [, number, filling] = (await driver.read(ID))!.split(".");
    expect(stored).toBeGreaterThan(0);
    // The next may have been written, and nobody told of it.
    expect([stored, stored + 1]).toContain(Number(number));
    expect(filling).toMatch(/^x+$/);
    expect([...files().keys()].filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }
});

/** Makes what Node cannot. */
function make(command: string, path: string, more = ""): void {
  execFileSync("sh", ["-c", `${command} "$0" ${more}`, path]);
}
