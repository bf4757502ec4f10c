import { describe, expect, it } from "vitest";
import type { PluginAuthConfig } from "../../src/types/auth.ts";
import type { Vault } from "../../src/types/vault.ts";
import { canary } from "../helpers/canary.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { ADMIN_TOKEN, CLIENT_KEY, type TestApp } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";
import { createPlainVault } from "../helpers/plain-vault.ts";

const PATH = "/api/auth/credentials";
const SECRET = canary("a secret of nobody, 8c1f ");
const plugins = { notes: testPlugin({ name: "notes" }), other: testPlugin({ name: "other" }) };
const ACTOR = { actor: "system", requestId: null };

const post = (app: TestApp, body: unknown, key: string = ADMIN_TOKEN) =>
  app.request(PATH, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    key,
  });
const remove = (app: TestApp, target: string) =>
  app.request(`${PATH}/${target}`, { method: "DELETE", key: ADMIN_TOKEN });
const list = async (app: TestApp, query = "") =>
  (await app.request(`${PATH}${query}`, { key: ADMIN_TOKEN })).json();

function clock() {
  let time = 1000;
  return () => ++time;
}

describe.each(WAYS)("/api/auth/credentials, $way", ({ open }) => {
  async function openWithVault() {
    const vault = createPlainVault(clock());
    return { vault, app: await open({ plugins, deps: { vault } }) };
  }

  it("stores a value, lists what is told of it, and removes it", async () => {
    const { app, vault } = await openWithVault();
    const stored = await post(app, { plugin: "notes", name: "api_key", value: SECRET });
    expect([stored.status, await stored.text()]).toEqual([204, ""]);
    const value = await vault.for("shared", ACTOR).retrieveCredential("notes", "api_key");
    expect(value).toBe(SECRET);

    const owner = "client:client-1";
    await post(app, { plugin: "other", name: "token", value: SECRET, owner });
    expect(await list(app)).toEqual({
      data: [
        { plugin: "notes", name: "api_key", owner: "shared", createdAt: 1001, updatedAt: 1002 },
        { plugin: "other", name: "token", owner, createdAt: 1003, updatedAt: 1004 },
      ],
      nextCursor: null,
    });
    expect(await list(app, "?plugin=other")).toEqual({
      data: [{ plugin: "other", name: "token", owner, createdAt: 1003, updatedAt: 1004 }],
      nextCursor: null,
    });
    expect(await list(app, "?plugin=nobody")).toEqual({ data: [], nextCursor: null });

    expect((await remove(app, "other/token")).status).toBe(404);
    expect((await remove(app, `other/token?owner=${owner}`)).status).toBe(204);
    expect((await remove(app, "notes/api_key")).status).toBe(204);
    expect(await list(app)).toEqual({ data: [], nextCursor: null });
    expect((await remove(app, "notes/api_key")).status).toBe(404);
  });

  it("tells the vault who acts, and for which request", async () => {
    const seen: unknown[] = [];
    const inner = createPlainVault();
    const vault: Vault = {
      ...inner,
      for(owner, actor) {
        seen.push([owner, actor]);
        return inner.for(owner, actor);
      },
    };
    const app = await open({ plugins, deps: { vault } });
    await post(app, { plugin: "notes", name: "key", value: SECRET });
    expect(seen).toContainEqual([
      "shared",
      { actor: "user:admin-1", requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
  });

  it("never answers a value, and lets nobody keep an answer", async () => {
    const { app } = await openWithVault();
    await post(app, { plugin: "notes", name: "key", value: SECRET });
    for (const [path, init] of [
      [PATH, {}],
      [`${PATH}?plugin=notes`, {}],
      [`${PATH}/notes/key`, { method: "DELETE" }],
    ] as const) {
      const response = await app.request(path, { ...init, key: ADMIN_TOKEN });
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.text()).not.toContain(SECRET);
    }
  });

  const GOOD = { plugin: "notes", name: "key", value: SECRET };
  it.each([
    ["a name of the server's own", { ...GOOD, name: "$oauth" }, 422, "BODY_INVALID"],
    ["a name that is a path", { ...GOOD, name: "../key" }, 422, "BODY_INVALID"],
    ["a name that is too long", { ...GOOD, name: "x".repeat(65) }, 422, "BODY_INVALID"],
    ["no name", { plugin: "notes", value: SECRET }, 422, "BODY_INVALID"],
    ["an empty value", { ...GOOD, value: "" }, 422, "BODY_INVALID"],
    ["a value that is no text", { ...GOOD, value: { secret: SECRET } }, 422, "BODY_INVALID"],
    ["half a character", { ...GOOD, value: `${SECRET}\ud83d` }, 422, "BODY_INVALID"],
    ["another member", { ...GOOD, [SECRET]: SECRET }, 422, "BODY_INVALID"],
    ["an owner that is none", { ...GOOD, owner: "everybody" }, 422, "BODY_INVALID"],
    ["an owner without an id", { ...GOOD, owner: "client:" }, 422, "BODY_INVALID"],
    ["an owner with a blank", { ...GOOD, owner: "client:a b" }, 422, "BODY_INVALID"],
    ["a plugin that is a path", { ...GOOD, plugin: "../notes" }, 422, "BODY_INVALID"],
    ["a plugin of the server's own", { ...GOOD, plugin: "$audit" }, 422, "BODY_INVALID"],
    ["a plugin that is not configured", { ...GOOD, plugin: "nobody" }, 404, "NOT_FOUND"],
    ["a value that is too long", { ...GOOD, value: "x".repeat(65_537) }, 422, "CREDENTIAL_INVALID"],
    ["a body that is too large", { ...GOOD, value: "x".repeat(1_048_576) }, 413, "BODY_TOO_LARGE"],
  ])("refuses %s, and repeats nothing of it", async (_, body, status, code) => {
    const { app, vault } = await openWithVault();
    const response = await post(app, body);
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ code });
    expect(text + JSON.stringify(app.logs)).not.toContain(SECRET);
    expect(await vault.list()).toEqual([]);
  });

  it.each([
    [{ owner: "bogus" }, "/owner: must be shared, client:<id> or user:<issuer>:<subject>"],
    [{ value: "half \ud83d" }, "/value: has half a character"],
    [{ name: "$oauth" }, "/name: must be a letter and up to 63 letters, digits, '_', '.' and '-'"],
  ])("says which rule %j breaks", async (member, rule) => {
    const { app } = await openWithVault();
    expect(await (await post(app, { ...GOOD, ...member })).json()).toMatchObject({
      code: "BODY_INVALID",
      detail: `The body is not valid: ${rule}.`,
    });
  });

  it("says which rule a value breaks, in the words of the plugin's author", async () => {
    const description = "Eight digits.";
    const auth: PluginAuthConfig = {
      type: "api-key",
      required: false,
      fields: { key: { type: "password", required: false, description, validation: /^\d{8}$/ } },
    };
    const app = await open({ plugins: { notes: testPlugin({ name: "notes", auth }) } });
    const response = await post(app, GOOD);
    expect(await response.json()).toMatchObject({
      status: 422,
      code: "CREDENTIAL_INVALID",
      detail: '"key" does not have the form that the plugin asks for: Eight digits.',
    });
  });

  it.each(["$audit/key", "notes/$oauth", "Notes/key", "notes/%2e%2e"])(
    "says that there is no credential %s to remove",
    async (target) => {
      const { app } = await openWithVault();
      await post(app, GOOD);
      const response = await remove(app, target);
      expect(response.status).toBe(404);
      expect(await list(app)).toMatchObject({ data: [{ plugin: "notes", name: "key" }] });
    },
  );

  it.each(["everybody", "", "client:", "client:a b", `client:${SECRET}`])(
    "says what an owner must be when it is asked to remove a credential of %j",
    async (owner) => {
      const { app } = await openWithVault();
      await post(app, GOOD);
      const response = await remove(app, `notes/key?owner=${encodeURIComponent(owner)}`);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toEqual({
        type: "urn:mcp-plugin-server:error:QUERY_INVALID",
        title: "The query of the request is not as it must be.",
        status: 400,
        code: "QUERY_INVALID",
        detail:
          "The query is not valid: owner must be shared, client:<id> or user:<issuer>:<subject>.",
        errors: [
          { pointer: "/owner", detail: "must be shared, client:<id> or user:<issuer>:<subject>" },
        ],
        requestId: expect.any(String),
      });
      expect(response.status).toBe(400);
      expect(await list(app)).toMatchObject({ data: [{ plugin: "notes", name: "key" }] });
    },
  );

  it("removes credentials of a plugin that is configured no more", async () => {
    const { app, vault } = await openWithVault();
    await vault.for("shared", ACTOR).storeCredential("gone", "key", SECRET);
    expect((await remove(app, "gone/key")).status).toBe(204);
    expect(await vault.list()).toEqual([]);
  });

  it("is for administrators alone", async () => {
    const { app, vault } = await openWithVault();
    expect((await post(app, GOOD, CLIENT_KEY)).status).toBe(403);
    expect((await app.request(PATH)).status).toBe(403);
    expect((await app.request(`${PATH}/notes/key`, { method: "DELETE" })).status).toBe(403);
    expect(await vault.list()).toEqual([]);
  });
});
