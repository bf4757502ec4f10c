import { describe, expect, it } from "vitest";
import { ROLE_NAMES, expandScopes } from "../../src/core/auth/roles.ts";
import { openAdminApp } from "../helpers/admin-app.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { modernRequest } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";

const LIMITS = {
  plugins: null,
  tools: null,
  readOnly: false,
  owner: null,
  callsPerMinute: null,
  expiresAt: null,
};

describe("a client", () => {
  it("is made with a secret that is answered once, and lets its holder in", async () => {
    const app = await openAdminApp();
    const made = await app.admin("POST /api/clients", { name: " laptop " });
    expect(made.status).toBe(201);
    const { secret, ...client } = made.json;
    expect(made.headers.get("location")).toBe(`/api/clients/${client.id}`);
    expect(secret).toMatch(/^mcpk_[A-Za-z0-9_-]{43}$/);
    expect(client).toEqual({
      id: expect.any(String),
      name: "laptop",
      createdAt: expect.any(Number),
      usedAt: null,
      source: "stored",
      ...LIMITS,
    });
    const listed = await app.request("/mcp", modernRequest("tools/list", {}, { key: secret }));
    expect(listed.status).toBe(200);
    const found = await app.admin(`GET /api/clients/${client.id}`);
    expect(found.json).toEqual({ ...client, usedAt: expect.any(Number) });
    const all = await app.admin("GET /api/clients");
    expect(JSON.stringify(all.json)).not.toContain(secret);
    expect(
      all.json.data.map(({ id, source }: { id: string; source: string }) => [id, source]),
    ).toEqual([
      [client.id, "stored"],
      ["client-1", "environment"],
      ["client-2", "environment"],
    ]);
  });

  it.each(["clients", "tokens"])(
    "is one of a list in pages, the newest first: %s",
    async (kind) => {
      const time = createFakeTime();
      const app = await openAdminApp({ deps: { time } });
      for (const name of ["b", "a", "c"]) {
        await app.admin(`POST /api/${kind}`, {
          name,
          ...(kind === "tokens" && { scopes: ["viewer"] }),
        });
        await time.advance(1_000);
      }
      const names: string[] = [];
      for (let cursor = ""; ;) {
        const { data, nextCursor } = (await app.admin(`GET /api/${kind}?limit=2${cursor}`)).json;
        expect(data.length).toBeLessThanOrEqual(2);
        names.push(...data.map(({ name }: { name: string }) => name));
        if (nextCursor === null) break;
        cursor = `&cursor=${nextCursor}`;
      }
      expect(names.slice(0, 3)).toEqual(["c", "a", "b"]);
    },
  );

  it("is let in no more when it is revoked, and its id is nobody else's", async () => {
    const app = await openAdminApp();
    const { id, secret } = (await app.admin("POST /api/clients", { name: "a" })).json;
    expect((await app.admin(`DELETE /api/clients/${id}`)).status).toBe(204);
    const refused = await app.request("/mcp", modernRequest("tools/list", {}, { key: secret }));
    expect(refused.status).toBe(401);
    expect((await app.admin(`GET /api/clients/${id}`)).status).toBe(404);
    expect((await app.admin(`DELETE /api/clients/${id}`)).status).toBe(404);
  });

  it("gets another secret, and the old one is good no more", async () => {
    const app = await openAdminApp();
    const { id, secret: old } = (await app.admin("POST /api/clients", { name: "a" })).json;
    const { json } = await app.admin(`POST /api/clients/${id}/rotate`);
    expect(json.id).toBe(id);
    const status = async (key: string) =>
      (await app.request("/mcp", modernRequest("tools/list", {}, { key }))).status;
    expect([await status(old), await status(json.secret)]).toEqual([401, 200]);
  });

  it("ends when its time has come", async () => {
    const time = createFakeTime();
    const app = await openAdminApp({ deps: { time } });
    const { secret } = (
      await app.admin("POST /api/clients", { name: "a", expiresAt: time.now() + 1_000 })
    ).json;
    const status = async () =>
      (await app.request("/mcp", modernRequest("tools/list", {}, { key: secret }))).status;
    expect(await status()).toBe(200);
    await time.advance(1_000);
    expect(await status()).toBe(401);
  });

  it.each([
    ["no name", {}],
    ["an empty name", { name: "  " }],
    ["a member that there is not", { name: "a", admin: true }],
    ["scopes", { name: "a", scopes: ["admin"] }],
    ["a plugin that cannot be one", { name: "a", plugins: ["../etc"] }],
    ["everybody's owner", { name: "a", owner: "shared" }],
    ["no owner at all", { name: "a", owner: "system" }],
    ["no calls", { name: "a", callsPerMinute: 0 }],
    ["a date before 1970", { name: "a", expiresAt: -1 }],
  ])("is not made with %s", async (_, body) => {
    const app = await openAdminApp();
    const before = (await app.admin("GET /api/clients")).json;
    const answer = await app.admin("POST /api/clients", body);
    expect([answer.status, answer.json.code]).toEqual([422, "BODY_INVALID"]);
    expect((await app.admin("GET /api/clients")).json).toEqual(before);
  });

  it("keeps what a change leaves out", async () => {
    const app = await openAdminApp();
    const { id } = (
      await app.admin("POST /api/clients", { name: "a", plugins: ["time"], readOnly: true })
    ).json;
    const changed = await app.admin(`PUT /api/clients/${id}`, { tools: ["time_now"], name: "b" });
    expect(changed.json).toMatchObject({
      name: "b",
      plugins: ["time"],
      tools: ["time_now"],
      readOnly: true,
    });
    expect((await app.admin(`PUT /api/clients/${id}`, {})).status).toBe(422);
  });

  it("of the environment is changed there", async () => {
    const app = await openAdminApp();
    for (const route of ["PUT", "DELETE"]) {
      const answer = await app.admin(`${route} /api/clients/client-1`, { name: "b" });
      expect([answer.status, answer.json.code]).toEqual([409, "CONFLICT"]);
    }
  });
});

describe("what a client may use", () => {
  const plugin = () =>
    testPlugin({
      tools: {
        read: { run: async () => "read", annotations: { readOnlyHint: true } },
        write: async () => "written",
      },
      getResources: () => [{ uri: "test://thing", name: "thing", text: "text" }],
    });

  const names = async (limits: object) => {
    const app = await openAdminApp({ plugins: { one: plugin, two: plugin } });
    const { secret: key } = (await app.admin("POST /api/clients", { name: "a", ...limits })).json;
    const list = await (await app.request("/mcp", modernRequest("tools/list", {}, { key }))).json();
    const tools = list.result.tools.map(({ name }: { name: string }) => name) as string[];
    const resources = await (
      await app.request("/mcp", modernRequest("resources/list", {}, { key }))
    ).json();
    const called: string[] = [];
    for (const name of ["one_read", "one_write", "two_read", "two_write"]) {
      const request = modernRequest("tools/call", { name, arguments: {} }, { key });
      const answer = await (await app.request("/mcp", request)).json();
      if (answer.result !== undefined) called.push(name);
      else expect(answer.error.message).toBe(`Unknown tool: ${name}`);
    }
    expect(called).toEqual(tools);
    expect(list.result.cacheScope).toBe("private");
    return [tools, resources.result.resources.length];
  };

  it.each([
    ["nothing is said", {}, ["one_read", "one_write", "two_read", "two_write"], 1],
    ["plugins are named", { plugins: ["two"] }, ["two_read", "two_write"], 0],
    ["tools are named", { tools: ["one_write", "nobodys"] }, ["one_write"], 0],
    ["it may only read", { readOnly: true }, ["one_read", "two_read"], 1],
    ["no plugin is named", { plugins: [] }, [], 0],
    [
      "all is said",
      { plugins: ["one"], tools: ["one_read", "two_read"], readOnly: true },
      ["one_read"],
      0,
    ],
  ])("is that alone when %s", async (_, limits, tools, resources) => {
    expect(await names(limits)).toEqual([tools, resources]);
  });
});

describe("a token", () => {
  it("does what its roles and rights say, and no more", async () => {
    const app = await openAdminApp();
    const make = async (scopes: string[]) =>
      (await app.admin("POST /api/tokens", { name: "t", scopes })).json.secret as string;
    const status = async (key: string, route: string) =>
      (await app.admin(route, undefined, key)).status;
    const viewer = await make(["viewer"]);
    const vault = await make(["vault:read"]);
    expect(viewer).toMatch(/^mcpa_/);
    expect(await status(viewer, "GET /api/plugins")).toBe(200);
    expect(await status(viewer, "POST /api/vault/rotate-master")).toBe(403);
    expect(await status(viewer, "DELETE /api/tokens/x")).toBe(403);
    expect(await status(vault, "GET /api/vault")).toBe(200);
    expect(await status(vault, "GET /api/plugins")).toBe(403);
    expect((await app.admin("GET /api/session", undefined, vault)).json).toMatchObject({
      scopes: ["vault:read"],
      csrfToken: null,
    });
  });

  it.each([["mcp"], ["root"], ["admin "], [""]])("is not made with the right %j", async (scope) => {
    const app = await openAdminApp();
    const { status } = await app.admin("POST /api/tokens", { name: "t", scopes: [scope] });
    expect(status).toBe(422);
  });

  it("of a client is no token of the admin API", async () => {
    const app = await openAdminApp();
    const { secret } = (await app.admin("POST /api/clients", { name: "a" })).json;
    expect((await app.admin("GET /api/session", undefined, secret)).status).toBe(403);
  });
});

describe("roles", () => {
  it("give details of the audit record to auditors alone", () => {
    const may = ROLE_NAMES.filter((role) => expandScopes([role]).includes("audit:payloads"));
    expect(may).toEqual(["auditor"]);
  });

  it("let administrators alone make keys, and turn those of the vault", () => {
    for (const scope of ["keys:write", "vault:write", "settings:write"]) {
      expect(ROLE_NAMES.filter((role) => expandScopes([role]).includes(scope))).toEqual(["admin"]);
    }
  });
});

it("says in the audit record which key was changed", async () => {
  const audit = createRecordingAudit();
  const app = await openAdminApp({ deps: { audit } });
  const { id } = (await app.admin("POST /api/clients", { name: "a" })).json;
  await app.admin(`DELETE /api/clients/${id}`);
  expect(
    audit.entries
      .filter(({ outcome, action }) => outcome === "ok" && action === "admin.request")
      .map(({ subject, detail }) => [subject, detail]),
  ).toEqual([
    ["POST /api/clients", { status: 201, client: id }],
    ["DELETE /api/clients/:id", { status: 204, client: id }],
  ]);
});
