import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareDataFolder } from "../../../adapters/node/data-folder.ts";
import { makeFolder } from "../../helpers/database.ts";

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
