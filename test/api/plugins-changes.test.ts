import { describe, expect, it } from "vitest";
import {
  createInstanceRepository,
  createMemoryInstances,
  createToolSettingsRepository,
} from "../../src/index.ts";
import type { AdminApp } from "../helpers/admin-app.ts";
import { makeDatabase } from "../helpers/database.ts";
import { modern } from "../helpers/mcp.ts";
import { NOTES_FILE, openNotesApp } from "../helpers/plugin-admin-app.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";

const CANARY = "canary-71ab";

describe("enabling and disabling", () => {
  it("stops a running plugin and starts it again, and its tools go and come", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const off = await app.admin("POST /api/plugins/notes/disable");
    expect([off.status, off.headers.get("etag")]).toEqual([
      200,
      expect.stringMatching(/^"[1-9]\d*"$/),
    ]);
    expect(off.json).toMatchObject({ enabled: false, state: "stopped", tools: [] });
    expect(off.json.sources.enabled).toBe("stored");
    expect((await modern(app, "tools/list")).body.result.tools).toEqual([]);
    const on = await app.admin("POST /api/plugins/notes/enable");
    expect(on.json).toMatchObject({ enabled: true, state: "running" });
    expect((await modern(app, "tools/list")).body.result.tools).toHaveLength(2);
  });

  it("stores nothing where nothing changes", async () => {
    const instances = createMemoryInstances();
    const app = await openNotesApp({ entries: NOTES_FILE, deps: { instances } });
    expect((await app.admin("POST /api/plugins/notes/enable")).status).toBe(200);
    expect(await instances.list()).toEqual([]);
  });

  it("starts one and touches no other", async () => {
    const starts: string[] = [];
    const traced = (name: string) => () =>
      testPlugin({ name, initialize: async () => void starts.push(name) });
    const app = await openNotesApp({
      packages: { a: traced("a"), b: traced("b") },
      entries: { a: { package: "./a" }, b: { package: "./b" } },
    });
    await app.admin("POST /api/plugins/a/disable");
    await app.admin("POST /api/plugins/a/enable");
    expect(starts.toSorted()).toEqual(["a", "a", "b"]);
  });

  it("answers what came of a plugin that does not start", async () => {
    const broken = testPlugin({ initialize: () => Promise.reject(new Error("no database")) });
    const app = await openNotesApp({
      packages: { broken },
      entries: { broken: { package: "./broken", enabled: false } },
    });
    const { status, json } = await app.admin("POST /api/plugins/broken/enable");
    expect(status).toBe(200);
    expect(json).toMatchObject({ state: "failed", error: "Initializing failed: no database" });
  });

  it("lets one of many changes at once win, and the rest know", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const bodies = [{ org: "a" }, { org: "b" }, { org: "c" }, { org: "d" }];
    const answers = await Promise.all(
      bodies.map((config) => app.admin("PUT /api/plugins/notes/config", { config })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status !== 200);
    expect(lost.map(({ status, json }) => [status, json.code])).toEqual(
      lost.map(() => [409, "CONFLICT"]),
    );
    const { json } = await app.admin("GET /api/plugins/notes");
    expect(json.config).toEqual(won[0]!.json.config);
    expect(json.state).toBe("running");
  });
});

describe("POST /api/plugins/:id/reload", () => {
  it("loads the code again", async () => {
    let lives = 0;
    const plugin = () => testPlugin({ version: `1.0.${lives++}` });
    const app = await openNotesApp({ packages: { a: plugin }, entries: { a: { package: "./a" } } });
    const { status, json } = await app.admin("POST /api/plugins/a/reload");
    expect([status, json.version]).toEqual([200, "1.0.1"]);
  });

  it("is refused while it is disabled", async () => {
    const app = await openNotesApp({ entries: { notes: { ...NOTES_FILE.notes, enabled: false } } });
    const { status, json } = await app.admin("POST /api/plugins/notes/reload");
    expect([status, json.code]).toEqual([409, "PLUGIN_STATE"]);
  });
});

const CHANGES: readonly [route: string, body?: object][] = [
  ["POST /api/plugins/notes/enable"],
  ["POST /api/plugins/notes/disable"],
  ["PUT /api/plugins/notes/config", { config: {} }],
  ["DELETE /api/plugins/notes"],
  ["PUT /api/tools/notes/read", { enabled: false }],
];

describe("a change", () => {
  it.each(CHANGES)("of a locked plugin is refused: %s", async (route, body) => {
    const instances = createMemoryInstances();
    const entry = { ...NOTES_FILE.notes, locked: true };
    const app = await openNotesApp({ entries: { notes: entry }, deps: { instances } });
    const { status, json } = await app.admin(route, body);
    expect([status, json.code]).toEqual([409, "INSTANCE_LOCKED"]);
    expect(await instances.list()).toEqual([]);
  });

  it.each([...CHANGES, ["POST /api/plugins/notes/reload"] as const])(
    "of a plugin that is not there answers 404: %s",
    async (route, body) => {
      const app = await openNotesApp();
      const { status, json } = await app.admin(route, body);
      expect([status, json.code]).toEqual([404, "NOT_FOUND"]);
    },
  );

  it("stands in the audit record, with the plugin and nothing that was sent", async () => {
    const audit = createRecordingAudit();
    const app = await openNotesApp({ entries: NOTES_FILE, deps: { audit } });
    await app.admin("PUT /api/plugins/notes/config", { config: { org: CANARY } });
    await app.admin(`POST /api/plugins/${CANARY}/enable`);
    const ended = audit.entries.filter(({ outcome }) => outcome !== "started");
    const told = ended.map(({ subject, instanceId, outcome, detail }) => [
      subject,
      instanceId,
      outcome,
      detail,
    ]);
    expect(told).toEqual([
      ["PUT /api/plugins/:id/config", "notes", "ok", { status: 200 }],
      ["POST /api/plugins/:id/enable", null, "refused", { status: 404 }],
    ]);
    expect(JSON.stringify(audit.entries)).not.toContain(CANARY);
  });
});

describe("all that was changed", () => {
  it("is there after a restart, in a database", async () => {
    const { db } = makeDatabase();
    const stores = () => ({
      instances: createInstanceRepository(db),
      toolSettings: createToolSettingsRepository(db),
    });
    const before = await openNotesApp({ entries: NOTES_FILE, deps: stores() });
    const config = { org: "new", password: CANARY };
    await before.admin("PUT /api/plugins/notes/config", { config, oauth: { clientId: "c" } });
    await before.admin("POST /api/plugins", { id: "more", package: "./idle", toolPrefix: "" });
    await before.admin("PUT /api/tools/notes/read", { name: "look", description: "Looks." });
    await before.admin("PUT /api/tools/more/write", { enabled: false });
    const paths = ["GET /api/plugins/notes", "GET /api/plugins/more", "GET /api/tools"];
    const read = (app: AdminApp) => Promise.all(paths.map(async (path) => app.admin(path)));
    const told = (await read(before)).map(({ json }) => json as unknown);
    await before.close();
    const after = await openNotesApp({ entries: NOTES_FILE, deps: stores() });
    expect((await read(after)).map(({ json }) => json as unknown)).toEqual(told);
    expect(told[2]).toMatchObject({
      data: [{ name: "look" }, { name: "notes_write" }, { name: "read" }],
    });
  });
});
