import { describe, expect, it } from "vitest";
import { createMemoryInstances } from "../../src/index.ts";
import { modern } from "../helpers/mcp.ts";
import type { PluginContext } from "../../src/plugins/index.ts";
import { NOTES_FILE, notesPlugin, openNotesApp } from "../helpers/plugin-admin-app.ts";

const CANARY = "canary-71ab";

describe("PUT /api/plugins/:id/config", () => {
  it("replaces the settings, and the plugin runs with them", async () => {
    const seen: unknown[] = [];
    const plugin = notesPlugin({
      initialize: async ({ config }: { config: unknown }) => void seen.push(config),
    });
    const app = await openNotesApp({ packages: { notes: plugin }, entries: NOTES_FILE });
    const changed = await app.admin("PUT /api/plugins/notes/config", { config: { retries: 5 } });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ config: { retries: 5 }, state: "running" });
    expect(seen).toEqual([{ org: "acme", retries: 3 }, { retries: 5 }]);
    const back = await app.admin("PUT /api/plugins/notes/config", { config: null });
    expect(back.json).toMatchObject({ config: { org: "acme" }, sources: { config: "file" } });
  });

  it("changes the prefix, and clients have the tools under it", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    await app.admin("PUT /api/plugins/notes/config", { toolPrefix: "" });
    const { tools } = (await modern(app, "tools/list")).body.result;
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(["read", "write"]);
  });

  it("stores the OAuth client, and null goes back to the file's", async () => {
    const entry = { package: "./notes", oauth: { clientId: "file" } };
    const app = await openNotesApp({ entries: { notes: entry } });
    const path = "PUT /api/plugins/notes/config";
    const set = await app.admin(path, { oauth: { clientId: "stored", tenant: "common" } });
    expect(set.json).toMatchObject({
      oauth: { clientId: "stored", tenant: "common" },
      sources: { oauth: "stored" },
    });
    const back = await app.admin(path, { oauth: null });
    expect(back.json).toMatchObject({ oauth: { clientId: "file" }, sources: { oauth: "file" } });
  });

  it("keeps what was not shown, where it is asked to", async () => {
    const instances = createMemoryInstances();
    const config = { org: "acme", password: CANARY };
    const entries = { notes: { package: "./notes", config } };
    const app = await openNotesApp({ entries, deps: { instances } });
    const shown = (await app.admin("GET /api/plugins/notes")).json;
    const body = { config: { ...shown.config, org: "new" }, keep: shown.hidden };
    const changed = await app.admin("PUT /api/plugins/notes/config", body);
    expect(changed.status).toBe(200);
    expect(JSON.stringify(changed.json)).not.toContain(CANARY);
    expect(await instances.list()).toMatchObject([{ config: { org: "new", password: CANARY } }]);
  });

  it.each([
    [
      "what the plugin's schema refuses",
      { config: { org: 1 } },
      /\/config\/org: must be string\.$/,
    ],
    ["what its schema does not know", { config: { [CANARY]: 1 } }, /\/config: /],
    ["an empty place to keep", { config: {}, keep: ["/password"] }, /\/keep\/0/],
    ["to keep what it sets", { config: { org: "b" }, keep: ["/org"] }, /\/keep\/0/],
    ["to keep everything", { config: {}, keep: [""] }, /\/keep\/0/],
    ["nothing", {}, /changes nothing/],
    ["nothing but what to keep", { keep: ["/org"] }, /changes nothing/],
    ["another package", { package: "./idle" }, /unrecognized_keys/],
    ["a host that the server lacks", { host: "worker" }, /\/host/],
    ["an OAuth client with a secret", { oauth: { clientSecret: CANARY } }, /\/oauth/],
  ])("refuses %s, and stores nothing", async (_, body, detail) => {
    const instances = createMemoryInstances();
    const app = await openNotesApp({ entries: NOTES_FILE, deps: { instances } });
    const refused = await app.admin("PUT /api/plugins/notes/config", body);
    expect([refused.status, refused.json.code]).toEqual([422, "BODY_INVALID"]);
    expect(refused.json.detail).toMatch(detail);
    expect(JSON.stringify(refused.json.detail)).not.toContain(`${CANARY}"`);
    expect(await instances.list()).toEqual([]);
  });

  it.each([
    ['"0"', 200],
    ['"7", "0"', 200],
    ["*", 200],
    ['"1"', 412],
    ['W/"0"', 412],
    ["0", 412],
    ["", 412],
  ])("with If-Match %s answers %i", async (tag, status) => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const body = { config: { org: "new" } };
    const changed = await app.admin("PUT /api/plugins/notes/config", body, undefined, {
      "if-match": tag,
    });
    const code = status === 412 ? "PRECONDITION_FAILED" : undefined;
    expect([changed.status, changed.json.code]).toEqual([status, code]);
    const { json, headers } = await app.admin("GET /api/plugins/notes");
    expect(json.config.org).toBe(status === 200 ? "new" : "acme");
    expect(headers.get("etag")).toMatch(status === 200 ? /^"[1-9]\d*"$/ : /^"0"$/);
  });

  it("lets one of two with the same If-Match win", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const answers = await Promise.all(
      ["a", "b"].map((org) =>
        app.admin("PUT /api/plugins/notes/config", { config: { org } }, undefined, {
          "if-match": '"0"',
        }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  });
});

describe("a setting that is marked as secret", () => {
  it("is in nothing that its plugin says: no error, no event, no answer", async () => {
    const canaryPassword = "canary-of-a-setting-71ab";
    let tells: "error" | "answer" = "error";
    let config: { password?: string } = {};
    const plugin = notesPlugin({
      async initialize(context: PluginContext) {
        config = context.config as typeof config;
        if (tells === "error") throw new Error(`Cannot log in with ${config.password}.`);
      },
      tools: { read: { run: () => `It is ${config.password}.`, description: "Reads." } },
    });
    const app = await openNotesApp({ packages: { notes: plugin } });
    const password = canaryPassword;
    const body = { id: "a", package: "./notes", config: { org: "acme", password } };
    const made = await app.admin("POST /api/plugins", body);
    const error = "Initializing failed: Cannot log in with [redacted].";
    expect(made.json).toMatchObject({ state: "failed", error });
    const list = await app.admin("GET /api/plugins");
    expect(JSON.stringify([made.json, list.json])).not.toContain(canaryPassword);
    expect(JSON.stringify(list.json)).toContain(error);
    tells = "answer";
    await app.admin("POST /api/plugins/a/reload");
    const { body: answer } = await modern(app, "tools/call", { name: "a_read" });
    expect(answer.result.content).toEqual([{ type: "text", text: "It is [redacted]." }]);
  });
});
