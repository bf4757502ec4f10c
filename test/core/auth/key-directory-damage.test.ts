import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../adapters/node/runtime.ts";
import { KeyDirectory, type MadeKey } from "../../../src/core/auth/key-directory.ts";
import { createKeyRepository } from "../../../src/index.ts";
import { makeDatabase } from "../../helpers/database.ts";
import { createFakeTime } from "../../helpers/fake-time.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";

const CLIENT = {
  kind: "client",
  name: "laptop",
  scopes: ["mcp"],
  access: { plugins: ["one"], tools: null, readOnly: true },
} as const;
const TOKEN = { kind: "user", name: "script", scopes: ["viewer"] } as const;

async function open() {
  const { db } = makeDatabase();
  const store = createKeyRepository(db);
  const time = createFakeTime();
  const logger = createRecordingLogger();
  const deps = { store, given: [], sha256, time, logger };
  const directory = await KeyDirectory.open(deps);
  const other = await KeyDirectory.open({ ...deps, logger: createRecordingLogger() });
  const client = await directory.create(CLIENT);
  const token = await directory.create(TOKEN);
  const bystander = await directory.create(CLIENT);
  const ask = ({ secret }: MadeKey) => directory.authenticate(`Bearer ${secret}`);
  const set = (table: string, column: string, value: string, { key }: MadeKey) =>
    db.run(sql.raw(`update ${table} set ${column} = ${value} where id = '${key.id}'`));
  return { directory, other, store, time, logger, deps, client, token, bystander, ask, set };
}

const DAMAGE: [table: string, column: string, value: string][] = [
  ["clients", "scopes", "'mcp'"],
  ["clients", "scopes", "'[1]'"],
  ["clients", "scopes", "x'00ff'"],
  ["clients", "access", "'{'"],
  ["clients", "access", "'{\"plugins\":null}'"],
  ["clients", "access", "7"],
  ["clients", "key_hash", "'no hash'"],
  ["clients", "key_hash", "x'00ff'"],
  ["clients", "expires_at", "'later'"],
  ["clients", "owner", "x'00ff'"],
  ["clients", "calls_per_minute", "'many'"],
  ["api_tokens", "scopes", "'[\"viewer\"'"],
  ["api_tokens", "token_hash", "''"],
  ["api_tokens", "expires_at", "'later'"],
];

describe("a stored key that somebody has damaged", () => {
  it.each(DAMAGE)(
    "lets nobody in, ends what it has opened, and is named: %s.%s is %s",
    async (table, column, value) => {
      const { client, token, time, logger, ask, set } = await open();
      const key = table === "clients" ? client : token;
      const principal = (await ask(key))!;
      expect(principal.id).toBe(key.key.id);
      await set(table, column, value, key);
      await time.advance(20_000);
      expect(await ask(key)).toBeNull();
      const named = logger.records.filter(({ level }) => level === "error");
      expect(named).toHaveLength(1);
      expect(JSON.stringify(named)).toContain(key.key.id);
      // Once, and not with every look at the store.
      await time.advance(60_000);
      expect(logger.records.filter(({ level }) => level === "error")).toHaveLength(1);
    },
  );

  it.each(DAMAGE)(
    "keeps neither a start nor what others change about other keys: %s.%s is %s",
    async (table, column, value) => {
      const { other, time, deps, client, token, bystander, ask, set } = await open();
      const key = table === "clients" ? client : token;
      const life = (await ask(bystander))!;
      expect(life.id).toBe(bystander.key.id);
      await set(table, column, value, key);
      await other.revoke(bystander.key);
      const made = await other.create(CLIENT);
      await time.advance(20_000);
      expect(await ask(bystander)).toBeNull();
      expect((await ask(made))?.id).toBe(made.key.id);
      const later = await KeyDirectory.open(deps);
      expect((await later.authenticate(`Bearer ${made.secret}`))?.id).toBe(made.key.id);
      expect(await later.authenticate(`Bearer ${key.secret}`)).toBeNull();
    },
  );

  it("can be revoked", async () => {
    const { directory, client, set } = await open();
    await set("clients", "scopes", "'mcp'", client);
    await directory.revoke(client.key);
    expect(() => directory.find(client.key)).toThrow(/There is no client/);
  });

  it("is good again when what was damaged is set anew, and by nothing else", async () => {
    const { directory, token, ask, set } = await open();
    await set("api_tokens", "scopes", "'viewer'", token);
    await directory.change(token.key, () => ({ name: "another" }));
    expect(await ask(token)).toBeNull();
    await directory.change(token.key, () => ({ scopes: ["auditor"] }));
    expect((await ask(token))?.id).toBe(token.key.id);
  });
});
