import { describe, expect, it } from "vitest";
import { pluginInstances } from "../../drizzle/sqlite.ts";
import { createInstanceRepository } from "../../src/index.ts";
import { makeDatabase } from "../helpers/database.ts";

type Row = typeof pluginInstances.$inferInsert;

async function storeAndList(...rows: Row[]) {
  const { db } = makeDatabase();
  for (const row of rows) await db.insert(pluginInstances).values(row);
  return createInstanceRepository(db).list();
}

describe("the instance repository", () => {
  it("is empty at first", async () => {
    expect(await storeAndList()).toEqual([]);
  });

  it("answers null for what was not stored", async () => {
    expect(await storeAndList({ id: "github" })).toEqual([
      {
        id: "github",
        package: null,
        enabled: null,
        toolPrefix: null,
        host: null,
        config: null,
        oauth: null,
        removed: false,
        rev: 0,
      },
    ]);
  });

  it("answers each stored field, the empty and the false ones too", async () => {
    const [a, b] = await storeAndList(
      {
        id: "a",
        package: "./github",
        enabled: false,
        toolPrefix: "",
        host: "in-process",
        config: '{"org":"acme","list":[1,null]}',
        oauth: '{"clientId":"c"}',
        rev: 7,
      },
      { id: "b", enabled: true, config: "{}", removed: true },
    );
    expect(a).toEqual({
      id: "a",
      package: "./github",
      enabled: false,
      toolPrefix: "",
      host: "in-process",
      config: { org: "acme", list: [1, null] },
      oauth: { clientId: "c" },
      removed: false,
      rev: 7,
    });
    expect(b).toMatchObject({ enabled: true, config: {}, removed: true });
  });

  it.each(["", "{", "[]", "null", '"secret-text"', "7"])(
    "names the instance whose settings are damaged (%j), and does not quote them",
    async (text) => {
      for (const damaged of [{ config: text }, { oauth: text }]) {
        await expect(storeAndList({ id: "github", ...damaged })).rejects.toMatchObject({
          code: "INTERNAL",
          message: 'The stored settings of the plugin "github" are damaged.',
        });
      }
    },
  );
});
