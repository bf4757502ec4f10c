import { describe, expect, it } from "vitest";
import { testPlugin } from "../helpers/plugins.ts";
import { ADMIN_TOKEN, type TestApp } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

describe.each(WAYS)("GET /api/plugins, $way", ({ open }) => {
  it("lists a running instance with all that is known of it", async () => {
    const app = await open({
      plugins: {
        notes: testPlugin({
          name: "notes",
          version: "2.1.0",
          description: "Keeps notes.",
          tools: { write: () => "", read: () => "", "not a name": () => "" },
        }),
      },
      entries: { notes: { toolPrefix: "n", locked: true } },
    });
    expect(await list(app)).toEqual({
      data: [
        {
          id: "notes",
          package: "./notes",
          enabled: true,
          host: "in-process",
          locked: true,
          state: "running",
          error: null,
          missing: [],
          reloadError: null,
          name: "notes",
          version: "2.1.0",
          description: "Keeps notes.",
          dependencies: [],
          failures: 0,
          tools: ["n_write", "n_read"],
          quarantined: [
            {
              kind: "tool",
              name: "not a name",
              reason: "its name must consist of letters, digits, '_', '.' and '-'",
            },
          ],
        },
      ],
      nextCursor: null,
    });
  });

  it("lists the others with the reason why they do not run", async () => {
    const app = await open({
      plugins: {
        broken: testPlugin({ initialize: () => Promise.reject(new Error("no database")) }),
        empty: {},
        off: testPlugin(),
        waiting: testPlugin({ dependencies: ["nobody"] }),
      },
      entries: { off: { enabled: false } },
    });
    const { data } = await list(app);
    expect(data.map(({ id, state, error, failures }) => [id, state, error, failures])).toEqual([
      ["broken", "failed", "Initializing failed: no database", 1],
      [
        "empty",
        "failed",
        "Loading failed: The plugin object lacks name, version, description, initialize(), getTools(), getResources(), executeTool(), cleanup().",
        1,
      ],
      ["off", "stopped", null, 0],
      ["waiting", "blocked", 'Missing dependencies: "nobody" (no enabled instance).', 0],
    ]);
  });

  it("lists them page by page", async () => {
    const app = await open({ plugins: { b: testPlugin(), a: testPlugin(), c: testPlugin() } });
    const first = await list(app, "?limit=2");
    expect(first.data.map(({ id }) => id)).toEqual(["a", "b"]);
    const second = await list(app, `?limit=2&cursor=${first.nextCursor}`);
    expect(second.data.map(({ id }) => id)).toEqual(["c"]);
    expect(second.nextCursor).toBeNull();
  });

  it("shows no settings of an instance, which may hold secrets", async () => {
    const app = await open({
      plugins: { a: testPlugin() },
      entries: { a: { config: { password: "canary-3f2e" } } },
    });
    expect(JSON.stringify(await list(app))).not.toContain("canary-3f2e");
  });
});

interface PluginList {
  readonly data: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
}

async function list(app: Pick<TestApp, "request">, query = ""): Promise<PluginList> {
  const response = await app.request(`/api/plugins${query}`, { key: ADMIN_TOKEN });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  return (await response.json()) as PluginList;
}
