import { describe, expect, it } from "vitest";
import { AppError, createMemoryInstances, type InstanceStore } from "../../src/index.ts";
import type { PluginContext } from "../../src/plugins/index.ts";
import { createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { modern } from "../helpers/mcp.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";
import { NOTES_FILE, notesPlugin, openNotesApp } from "../helpers/plugin-admin-app.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";

const CANARY = "canary-71ab";

describe("DELETE /api/plugins/:id", () => {
  it("forgets an instance that was made through the API", async () => {
    const instances = createMemoryInstances();
    const app = await openNotesApp({ deps: { instances } });
    await app.admin("POST /api/plugins", { id: "a", package: "./notes" });
    await app.admin("PUT /api/tools/a/read", { enabled: false });
    expect((await app.admin("DELETE /api/plugins/a")).status).toBe(204);
    expect(await instances.list()).toEqual([]);
    expect((await app.admin("GET /api/plugins/a")).status).toBe(404);
    expect((await modern(app, "tools/list")).body.result.tools).toEqual([]);
    // Nothing of the old one comes back with another of its name.
    const again = await app.admin("POST /api/plugins", { id: "a", package: "./notes" });
    expect(again.json.tools[0]).toMatchObject({ tool: "read", enabled: true });
  });

  it("keeps one of the file from coming back, and none of what was stored of it", async () => {
    const instances = createMemoryInstances();
    const app = await openNotesApp({ entries: NOTES_FILE, deps: { instances } });
    await app.admin("PUT /api/plugins/notes/config", { config: { password: CANARY } });
    expect((await app.admin("DELETE /api/plugins/notes")).status).toBe(204);
    expect(await instances.list()).toMatchObject([{ id: "notes", removed: true, config: null }]);
    await app.update(NOTES_FILE);
    expect((await app.admin("GET /api/plugins")).json.data).toEqual([]);
    expect((await app.admin("DELETE /api/plugins/notes")).status).toBe(404);
  });

  it("leaves credentials where they are, unless they are to go", async () => {
    const app = await openNotesApp({ entries: { ...NOTES_FILE, idle: { package: "./idle" } } });
    for (const plugin of ["notes", "idle"]) {
      await app.admin("POST /api/auth/credentials", { plugin, name: "a", value: "secret-value" });
      const owner = "client:x";
      const value = "another-value";
      await app.admin("POST /api/auth/credentials", { plugin, name: "b", value, owner });
    }
    await app.admin("DELETE /api/plugins/notes");
    await app.admin("DELETE /api/plugins/idle?credentials=delete");
    const { data } = (await app.admin("GET /api/auth/credentials")).json;
    expect(data.map((each: { plugin: string; name: string }) => [each.plugin, each.name])).toEqual([
      ["notes", "b"],
      ["notes", "a"],
    ]);
  });

  it("deletes no credentials for whoever may not", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const made = await app.admin("POST /api/tokens", { name: "t", scopes: ["plugins:write"] });
    const path = "DELETE /api/plugins/notes?credentials=delete";
    const refused = await app.admin(path, undefined, made.json.secret);
    expect([refused.status, refused.json.code]).toEqual([403, "FORBIDDEN"]);
    expect((await app.admin("GET /api/plugins/notes")).status).toBe(200);
  });

  it("lets no other package have what is left in the vault, unless whoever makes it may write there", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const credential = { plugin: "notes", name: "a", value: "secret-value" };
    await app.admin("POST /api/auth/credentials", credential);
    const scopes = ["plugins:write", "credentials:write"];
    const { secret } = (await app.admin("POST /api/tokens", { name: "t", scopes })).json;
    await app.admin("DELETE /api/plugins/notes", undefined, secret);
    const other = { id: "notes", package: "./idle" };
    const refused = await app.admin("POST /api/plugins", other, secret);
    expect([refused.status, refused.json.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.detail).toContain("credentials or connections of an earlier plugin");
    expect((await app.admin("GET /api/plugins/notes")).status).toBe(404);
    const elsewhere = await app.admin("POST /api/plugins", { ...other, id: "new" }, secret);
    expect(elsewhere.status).toBe(201);
    expect((await app.admin("POST /api/plugins", other)).status).toBe(201);
  });

  it("that comes too late deletes nothing", async () => {
    const memory = createMemoryInstances();
    const isChanged = Promise.withResolvers<void>();
    const instances: InstanceStore = {
      ...memory,
      async put(id, changes, expected) {
        if (changes.removed === true) await isChanged.promise;
        return memory.put(id, changes, expected);
      },
    };
    const app = await openNotesApp({ entries: NOTES_FILE, deps: { instances } });
    const credential = { plugin: "notes", name: "a", value: "secret-value" };
    await app.admin("POST /api/auth/credentials", credential);
    const headers = { "if-match": '"0"' };
    const path = "DELETE /api/plugins/notes?credentials=delete";
    const removing = app.admin(path, undefined, undefined, headers);
    const body = { config: { org: "new" } };
    const changed = await app.admin("PUT /api/plugins/notes/config", body, undefined, headers);
    isChanged.resolve();
    const removed = await removing;
    const { data } = (await app.admin("GET /api/auth/credentials")).json;
    expect([changed.status, removed.status, data.length]).toEqual([200, 412, 1]);
  });

  it("deletes also what the plugin stores at its end", async () => {
    let own: PluginContext;
    const plugin = notesPlugin({
      async initialize(context: PluginContext) {
        own = context;
      },
      cleanup: () => own.setCredential("late", "stored at the end"),
    });
    const instances = createMemoryInstances();
    const app = await openNotesApp({ packages: { notes: plugin }, deps: { instances } });
    await app.admin("POST /api/plugins", { id: "a", package: "./notes" });
    const removed = await app.admin("DELETE /api/plugins/a?credentials=delete");
    expect(removed.status).toBe(204);
    expect((await app.admin("GET /api/auth/credentials")).json.data).toEqual([]);
    expect(await instances.list()).toEqual([]);
  });

  it("goes on where it was when the vault could not delete all", async () => {
    const instances = createMemoryInstances();
    const vault = createPlainVault();
    let isDown = true;
    const app = await openNotesApp({
      deps: {
        instances,
        vault: {
          ...vault,
          for(owner, actor) {
            const own = vault.for(owner, actor);
            const deleteCredential = async (id: string, name: string) => {
              if (isDown) throw new AppError("VAULT_UNAVAILABLE", "It is down.");
              await own.deleteCredential(id, name);
            };
            return { ...own, deleteCredential };
          },
        },
      },
    });
    await app.admin("POST /api/plugins", { id: "a", package: "./notes" });
    await app.admin("POST /api/auth/credentials", { plugin: "a", name: "a", value: "secret-1" });
    const path = "DELETE /api/plugins/a?credentials=delete";
    expect((await app.admin(path)).json.code).toBe("VAULT_UNAVAILABLE");
    isDown = false;
    expect((await app.admin(path)).status).toBe(204);
    expect((await app.admin("GET /api/auth/credentials")).json.data).toEqual([]);
    expect(await instances.list()).toEqual([]);
  });

  it("is refused from another revision", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const refused = await app.admin("DELETE /api/plugins/notes", undefined, undefined, {
      "if-match": '"4"',
    });
    expect(refused.status).toBe(412);
  });
});

describe("the deletion of a plugin with its secrets", () => {
  it("revokes its connection at the provider, and leaves those of others", async () => {
    const { app, oidc } = await openConnectApp();
    for (const id of ["drive", "other"]) {
      const started = await app.request(`/api/auth/oauth/initiate/${id}`, { key: ADMIN_TOKEN });
      const { authUrl } = (await started.json()) as { authUrl: string };
      const browser = createBrowser(app);
      expect((await browser.open(await browser.goTo(authUrl, ADMIN_TOKEN))).status).toBe(200);
    }
    const before = oidc.hits("POST /token/revocation");
    const path = "/api/plugins/drive?credentials=delete";
    expect((await app.request(path, { method: "DELETE", key: ADMIN_TOKEN })).status).toBe(204);
    expect(oidc.hits("POST /token/revocation")).toBeGreaterThan(before);
    const connections = await app.request("/api/auth/oauth/connections", { key: ADMIN_TOKEN });
    const { data } = (await connections.json()) as { data: { plugin: string }[] };
    expect(data.map(({ plugin }) => plugin)).toEqual(["other"]);
  });
});
