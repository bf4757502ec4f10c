import { describe, expect, it } from "vitest";
import { createMemoryInstances } from "../../src/index.ts";
import { modern } from "../helpers/mcp.ts";
import {
  NOTES_CONFIG,
  NOTES_FILE,
  notesPlugin,
  openNotesApp,
} from "../helpers/plugin-admin-app.ts";

const CANARY = "canary-71ab";

describe("POST /api/plugins", () => {
  it("makes a running instance of a package, and says where it is", async () => {
    const app = await openNotesApp();
    const made = await app.admin("POST /api/plugins", {
      id: "notes-work",
      package: "./notes",
      config: { org: "acme" },
      toolPrefix: "n",
    });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe("/api/plugins/notes-work");
    expect(made.headers.get("etag")).toMatch(/^"[1-9]\d*"$/);
    expect(made.json).toMatchObject({
      id: "notes-work",
      package: "./notes",
      state: "running",
      config: { org: "acme" },
      tools: [{ name: "n_read" }, { name: "n_write" }],
      sources: { package: "stored", config: "stored", toolPrefix: "stored", host: "default" },
    });
    const listed = await modern(app, "tools/list");
    expect(listed.body.result.tools.map((tool: { name: string }) => tool.name)).toEqual([
      "n_read",
      "n_write",
    ]);
    expect((await app.admin("GET /api/plugins/notes-work")).json).toEqual(made.json);
  });

  it("makes two of one package, each with its own name", async () => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const made = await app.admin("POST /api/plugins", { id: "other", package: "./notes" });
    expect(made.status).toBe(201);
    const { data } = (await app.admin("GET /api/plugins")).json;
    expect(data.map((each: { id: string; tools: string[] }) => [each.id, each.tools])).toEqual([
      ["notes", ["notes_read", "notes_write"]],
      ["other", ["other_read", "other_write"]],
    ]);
  });

  it("makes one that waits to be enabled", async () => {
    const app = await openNotesApp();
    const made = await app.admin("POST /api/plugins", {
      id: "later",
      package: "./notes",
      enabled: false,
    });
    expect(made.json).toMatchObject({ enabled: false, state: "stopped", tools: [], name: null });
    const enabled = await app.admin("POST /api/plugins/later/enable");
    expect(enabled.json).toMatchObject({ enabled: true, state: "running", name: "notes" });
  });

  it.each([
    ["an id with a capital", { id: "Notes", package: "./notes" }],
    ["an id that begins with a digit", { id: "2notes", package: "./notes" }],
    ["no package", { id: "a" }],
    ["a package that is not there", { id: "a", package: "./nobody" }],
    ["a package by a path", { id: "a", package: "../notes" }],
    ["a member that is none", { id: "a", package: "./notes", locked: true }],
    ["a host that the server lacks", { id: "a", package: "./notes", host: "worker" }],
    ["an unknown host", { id: "a", package: "./notes", host: "cloud" }],
    ["a prefix with a blank", { id: "a", package: "./notes", toolPrefix: "a b" }],
    ["settings that are a list", { id: "a", package: "./notes", config: [] }],
  ])("refuses %s, and stores nothing", async (_, body) => {
    const instances = createMemoryInstances();
    const app = await openNotesApp({ deps: { instances } });
    const refused = await app.admin("POST /api/plugins", body);
    expect([refused.status, refused.json.code]).toEqual([422, "BODY_INVALID"]);
    expect(await instances.list()).toEqual([]);
  });

  it("refuses settings that the manifest's schema refuses, and quotes none", async () => {
    const app = await openNotesApp({ manifests: { notes: { config: NOTES_CONFIG } } });
    const body = { id: "a", package: "./notes", config: { org: 7, retries: CANARY } };
    const refused = await app.admin("POST /api/plugins", body);
    expect(refused.status).toBe(422);
    expect(refused.json.errors).toEqual([{ pointer: "/config/org", detail: "must be string" }]);
    expect(JSON.stringify(refused.json)).not.toContain(CANARY);
  });

  it.each([["notes"], ["locked"]])("refuses an id that there is (%s)", async (id) => {
    const locked = { package: "./idle", locked: true };
    const app = await openNotesApp({ entries: { ...NOTES_FILE, locked } });
    const refused = await app.admin("POST /api/plugins", { id, package: "./notes" });
    expect([refused.status, refused.json.code]).toEqual([409, "CONFLICT"]);
    expect(refused.json.detail).toBe("There is a plugin of that id already.");
  });

  it("makes one of two with the same id at once", async () => {
    const app = await openNotesApp();
    const made = await Promise.all(
      ["a", "b", "c"].map((toolPrefix) =>
        app.admin("POST /api/plugins", { id: "one", package: "./notes", toolPrefix }),
      ),
    );
    expect(made.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const winner = made.find(({ status }) => status === 201)!;
    const now = await app.admin("GET /api/plugins/one");
    expect(now.json.toolPrefix).toBe(winner.json.toolPrefix);
  });

  it("has nothing of an entry of the file that was removed before", async () => {
    const entry = { package: "./notes", toolPrefix: "old", config: { org: "acme" } };
    const app = await openNotesApp({ entries: { notes: entry } });
    expect((await app.admin("DELETE /api/plugins/notes")).status).toBe(204);
    const made = await app.admin("POST /api/plugins", { id: "notes", package: "./idle" });
    expect(made.json).toMatchObject({
      package: "./idle",
      toolPrefix: "notes",
      config: {},
      sources: { package: "stored", config: "stored", toolPrefix: "stored" },
    });
  });
});

describe("GET /api/plugins/:id", () => {
  it("tells all that is known of an instance", async () => {
    const auth = {
      type: "api-key" as const,
      required: false,
      fields: {
        api_key: { type: "password" as const, required: true, description: "The key." },
        account: { type: "string" as const, required: false, description: "Whose." },
      },
    };
    const app = await openNotesApp({
      packages: {
        notes: notesPlugin({
          auth,
          getPrompts: () => [{ name: "sum", description: "Sums up." }],
          getPrompt: async () => "",
          getResources: () => [{ uri: "notes://all", name: "all", text: "a" }],
        }),
        reader: notesPlugin({ name: "reader", dependencies: ["notes"] }),
      },
      entries: { ...NOTES_FILE, reader: { package: "./reader" } },
    });
    const set = { plugin: "notes", name: "api_key", value: `${CANARY}-key` };
    expect((await app.admin("POST /api/auth/credentials", set)).status).toBe(204);
    const { status, headers, json } = await app.admin("GET /api/plugins/notes");
    expect(status).toBe(200);
    expect(headers.get("etag")).toBe('"0"');
    expect(json).toEqual({
      id: "notes",
      package: "./notes",
      enabled: true,
      host: "in-process",
      locked: false,
      state: "running",
      error: null,
      missing: [],
      reloadError: null,
      name: "notes",
      version: "2.1.0",
      description: "A plugin of a test.",
      dependencies: [],
      dependents: ["reader"],
      failures: 0,
      quarantined: [],
      toolPrefix: "notes",
      config: { org: "acme" },
      hidden: [],
      configSchema: NOTES_CONFIG,
      oauth: {},
      sources: {
        package: "file",
        enabled: "default",
        toolPrefix: "default",
        host: "default",
        config: "file",
        oauth: "default",
      },
      auth: {
        type: "api-key",
        required: false,
        owner: "shared",
        provider: null,
        fields: [
          {
            name: "api_key",
            type: "password",
            required: true,
            description: "The key.",
            isSet: true,
          },
          { name: "account", type: "string", required: false, description: "Whose.", isSet: false },
        ],
      },
      tools: [
        {
          name: "notes_read",
          plugin: "notes",
          tool: "read",
          title: null,
          description: "Reads.",
          annotations: { readOnlyHint: true },
          enabled: true,
          missing: false,
          override: { name: null, description: null },
          original: { name: "notes_read", description: "Reads." },
          inputSchema: { type: "object" },
          outputSchema: null,
        },
        expect.objectContaining({ name: "notes_write", annotations: null }),
      ],
      resources: [{ uri: "notes://all", name: "all" }],
      resourceTemplates: [],
      prompts: [{ name: "notes_sum", description: "Sums up." }],
    });
    expect(JSON.stringify(json)).not.toContain(CANARY);
  });

  it("shows no settings that are secret or that no schema describes", async () => {
    const app = await openNotesApp({
      packages: {
        notes: notesPlugin({ configSchema: { ...NOTES_CONFIG, additionalProperties: true } }),
      },
      entries: {
        notes: {
          package: "./notes",
          config: { org: "acme", password: `${CANARY}-1`, token: `${CANARY}-2` },
        },
      },
    });
    const { json } = await app.admin("GET /api/plugins/notes");
    expect(json.config).toEqual({ org: "acme", password: null, token: null });
    expect(json.hidden).toEqual(["/password", "/token"]);
    expect(JSON.stringify(json)).not.toContain(CANARY);
  });

  it("shows no settings of one whose schema is not known", async () => {
    const entry = { package: "./notes", enabled: false, config: { org: CANARY } };
    const app = await openNotesApp({ entries: { notes: entry } });
    const { json } = await app.admin("GET /api/plugins/notes");
    expect(json).toMatchObject({ configSchema: null, config: { org: null }, hidden: ["/org"] });
  });

  it.each(["nobody", "Nobody", "a%2fb"])("answers 404 for %s", async (id) => {
    const app = await openNotesApp({ entries: NOTES_FILE });
    const { status, json } = await app.admin(`GET /api/plugins/${id}`);
    expect([status, json.code]).toEqual([404, "NOT_FOUND"]);
  });
});

describe("GET /api/packages", () => {
  it("lists what instances can be made of, with what the manifests say", async () => {
    const auth = {
      type: "api-key",
      required: true,
      fields: { key: { type: "password", required: true, description: "The key." } },
    };
    const app = await openNotesApp({
      manifests: { notes: { config: NOTES_CONFIG, auth, permissions: { net: ["a"] } } },
      entries: { a: { package: "./notes" }, b: { package: "./notes" } },
    });
    const { status, json } = await app.admin("GET /api/packages");
    expect(status).toBe(200);
    expect(json).toEqual({
      data: [
        {
          package: "./idle",
          usedBy: [],
          hasManifest: false,
          configSchema: null,
          auth: null,
          permissions: null,
        },
        {
          package: "./notes",
          usedBy: ["a", "b"],
          hasManifest: true,
          configSchema: NOTES_CONFIG,
          auth: {
            type: "api-key",
            required: true,
            owner: "shared",
            provider: null,
            fields: [{ name: "key", type: "password", required: true, description: "The key." }],
          },
          permissions: { net: ["a"] },
        },
      ],
      nextCursor: null,
    });
  });
});
