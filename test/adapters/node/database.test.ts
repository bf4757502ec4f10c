import SqliteDatabase from "better-sqlite3";
import { existsSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { databasePath, openDatabase } from "../../../adapters/node/database.ts";
import type { OpenDatabase } from "../../../adapters/node/sqlite.ts";
import { createKeyRepository } from "../../../src/index.ts";
import { makeFolder } from "../../helpers/database.ts";

const EXPECTED = {
  journal_mode: "wal",
  synchronous: 2,
  secure_delete: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  foreign_keys: 1,
  busy_timeout: 5_000,
};

function pragmasOf({ db }: OpenDatabase): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(EXPECTED).map((name) => {
      const row = db.get<Record<string, unknown>>(sql.raw(`pragma ${name}`)) as Record<
        string,
        unknown
      >;
      return [name, Object.values(row)[0]];
    }),
  );
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe("the embedded database", () => {
  it("has its pragmas on the first open and on every later one", async () => {
    const url = `file:${join(makeFolder(), "a.db")}`;
    for (let open = 0; open < 3; open++) {
      const database = await openDatabase(url);
      expect(pragmasOf(database)).toEqual(EXPECTED);
      database.close();
    }
  });

  it("is its owner's alone, with everything that lies beside it", async () => {
    const folder = makeFolder();
    const database = await openDatabase(`file:${join(folder, "a.db")}`);
    await database.db.run(sql.raw("delete from clients"));
    const modes = Object.fromEntries(
      readdirSync(folder).map((name) => [name, mode(join(folder, name))]),
    );
    expect(modes).toEqual({ "a.db": 0o600, "a.db-shm": 0o600, "a.db-wal": 0o600 });
    database.close();
  });

  it("is closed to others when it was not", async () => {
    const path = join(makeFolder(), "a.db");
    writeFileSync(path, "", { mode: 0o644 });
    (await openDatabase(`file:${path}`)).close();
    expect(mode(path)).toBe(0o600);
  });

  it("keeps what was stored, and applies its migrations once", async () => {
    const url = `file:${join(makeFolder(), "a.db")}`;
    const key = {
      id: "1",
      name: "n",
      kind: "client" as const,
      hash: "ab",
      scopes: ["mcp"],
      createdAt: 1,
      rev: 1,
    };
    const first = await openDatabase(url);
    await createKeyRepository(first.db).add(key);
    first.close();
    const second = await openDatabase(url);
    expect(await createKeyRepository(second.db).list()).toEqual([key]);
    second.close();
  });

  it("opens twice at once", async () => {
    const url = `file:${join(makeFolder(), "a.db")}`;
    const [a, b] = [await openDatabase(url), await openDatabase(url)];
    expect([await a.isReady(), await b.isReady()]).toEqual([true, true]);
    a.close();
    b.close();
  });

  it("is ready until it is closed", async () => {
    const database = await openDatabase(`file:${join(makeFolder(), "a.db")}`);
    expect(await database.isReady()).toBe(true);
    database.close();
    await expect(database.isReady()).rejects.toThrow("not open");
  });

  it.each([
    ["file: and a path", (path: string) => `file:${path}`],
    ["a file URL", (path: string) => pathToFileURL(path).href],
  ])("is found by %s, with blanks in it", async (_what, urlOf) => {
    const path = join(makeFolder(), "my data.db");
    (await openDatabase(urlOf(path))).close();
    expect(existsSync(path)).toBe(true);
  });

  it.each([
    "postgres://user:secret@host/db",
    "a.db",
    "",
    "file:",
    "file::memory:",
    "file://host/a.db",
    "file:a.db?mode=ro",
  ])("is not opened by the URL %j, which is not repeated", async (url) => {
    await expect(openDatabase(url)).rejects.toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message:
          "DATABASE_URL must be file: and the path of an SQLite file, such as file:data/server.db, or the libsql:, https: or wss: URL of a server.",
      }) as Error,
    );
  });

  it.each([
    "libsql://db.example.org",
    "libsql://127.0.0.1:8080?tls=0",
    "https://db.example.org/path",
    "http://127.0.0.1:8080",
    "wss://db.example.org",
    "ws://127.0.0.1:8080",
  ])("is no file for %j", (url) => {
    expect(databasePath(url)).toBeNull();
  });

  it.each([
    ["https://user@db.example.org", "no user"],
    ["https://:pass-4711@db.example.org", "no user"],
    ["libsql://db.example.org?authToken=token-4711", "no user"],
    ["libsql://db.example.org#token-4711", "no user"],
    ["https://", "no valid URL"],
    ["libsql:///server.db", "no valid URL"],
  ])("is not opened by %j, and the message keeps what it holds to itself", async (url, reason) => {
    const opening = openDatabase(url);
    await expect(opening).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(reason) as string,
    });
    await expect(opening).rejects.not.toThrow("4711");
  });

  it("says which file cannot be opened, and why", async () => {
    const folder = makeFolder();
    const text = join(folder, "text.db");
    writeFileSync(text, "This is no database, but a text of some length.".repeat(50));
    for (const [path, why] of [
      [text, "file is not a database"],
      [join(folder, "missing", "a.db"), "ENOENT"],
      [folder, "EISDIR"],
    ] as const) {
      await expect(openDatabase(`file:${path}`)).rejects.toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: expect.stringContaining(
            `The database ${path} cannot be opened: ${why}`,
          ) as string,
        }) as Error,
      );
    }
    expect(mode(text)).toBe(0o600);
  });

  it.runIf(process.platform === "linux")("lets go of a file that it could not open", async () => {
    const path = join(makeFolder(), "text.db");
    writeFileSync(path, "This is no database, but a text of some length.".repeat(50));
    await expect(openDatabase(`file:${path}`)).rejects.toThrow("file is not a database");
    const open = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    });
    expect(open).not.toContain(path);
  });

  it("overwrites what is deleted", async () => {
    const folder = makeFolder();
    const path = join(folder, "a.db");
    const database = await openDatabase(`file:${path}`);
    const secret = "remember-this-hash-0123456789";
    await createKeyRepository(database.db).add({
      id: "1",
      name: "n",
      kind: "client",
      hash: secret,
      scopes: [],
      createdAt: 1,
    });
    await database.db.run(sql.raw("delete from clients"));
    database.close();
    const raw = new SqliteDatabase(path);
    raw.pragma("wal_checkpoint(TRUNCATE)");
    const bytes = raw.serialize();
    raw.close();
    expect(bytes.includes(secret)).toBe(false);
  });
});
