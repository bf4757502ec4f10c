import { describe, expect, it } from "vitest";
import type { AppDeps } from "../../src/index.ts";
import { createMemoryServerSettings } from "../../src/index.ts";
import { DEFAULT_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { openAdminApp, type AdminApp } from "../helpers/admin-app.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { createRecordingLogger } from "../helpers/logger.ts";
import { modern } from "../helpers/mcp.ts";
import { testPlugin } from "../helpers/plugins.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { CLIENT_KEY } from "../helpers/test-app.ts";

type Adjustable = NonNullable<AppDeps["serverSettings"]>;

/** A server whose log and audit record only note what they are told. */
async function open(deps: Partial<AppDeps> = {}, more: Partial<Adjustable> = {}) {
  const told: unknown[] = [];
  const note = (name: string) => (value: unknown) => void told.push([name, value]);
  const store = createMemoryServerSettings();
  const app = await openAdminApp({
    plugins: { one: testPlugin({ tools: { echo: async () => "done" } }) },
    deps: {
      rateLimits: DEFAULT_RATE_LIMITS,
      serverSettings: {
        store,
        fixed: [],
        logLevel: { given: "info", apply: note("logLevel") },
        auditDays: { given: null, apply: note("auditDays") },
        ...more,
      },
      ...deps,
    },
  });
  const get = async () => (await app.admin("GET /api/settings")).json;
  const put = (body: unknown, headers?: Record<string, string>) =>
    app.admin("PUT /api/settings", body, undefined, headers);
  return { app, told, store: more.store ?? store, get, put };
}

const DEFAULTS = {
  logLevel: { value: "info", source: "default" },
  auditDays: { value: null, source: "default" },
  rateLimits: { value: DEFAULT_RATE_LIMITS, source: "default" },
  allowedOrigins: { value: [], source: "default" },
};

/** Whether a page of that origin may ask the server, by what a browser asks first. */
async function isLetIn(app: AdminApp, origin: string): Promise<boolean> {
  const headers = { origin, "access-control-request-method": "POST" };
  const answer = await app.request("/mcp", { method: "OPTIONS", key: null, headers });
  return answer.headers.get("access-control-allow-origin") === origin;
}

describe("GET /api/settings", () => {
  it("tells what counts and who has decided it", async () => {
    const { get } = await open();
    expect(await get()).toEqual(DEFAULTS);
  });

  it("tells of nothing that takes no effect on this server", async () => {
    const app = await openAdminApp({
      deps: { serverSettings: { store: createMemoryServerSettings(), fixed: [] } },
    });
    const { json } = await app.admin("GET /api/settings");
    expect(Object.keys(json)).toEqual(["rateLimits", "allowedOrigins"]);
    const { status, json: refused } = await app.admin("PUT /api/settings", { auditDays: 5 });
    expect([status, refused.errors]).toEqual([
      422,
      [{ pointer: "/auditDays", detail: "this server does not have it" }],
    ]);
  });

  it("is not there where nothing can be changed", async () => {
    const app = await openAdminApp({ deps: { serverSettings: undefined } as object });
    expect((await app.admin("GET /api/settings")).status).toBe(404);
  });
});

describe("PUT /api/settings", () => {
  it("changes what it names, at once, and gives it back with null", async () => {
    const { told, get, put } = await open();
    const { status, json } = await put({ logLevel: "debug", auditDays: 30 });
    const changed = {
      ...DEFAULTS,
      logLevel: { value: "debug", source: "stored" },
      auditDays: { value: 30, source: "stored" },
    };
    expect([status, json]).toEqual([200, changed]);
    expect(await get()).toEqual(changed);
    expect(told).toEqual([
      ["logLevel", "debug"],
      ["auditDays", 30],
    ]);
    await put({ auditDays: null });
    expect(await get()).toEqual({ ...changed, auditDays: DEFAULTS.auditDays });
    expect(told.slice(2)).toEqual([["auditDays", null]]);
  });

  it("applies nothing that is as it was", async () => {
    const { told, put } = await open();
    const first = await put({ logLevel: "info" });
    const second = await put({ logLevel: "info" });
    expect(first.json.logLevel).toEqual({ value: "info", source: "stored" });
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(told).toEqual([]);
  });

  it("limits callers anew, from their next request on", async () => {
    const time = createFakeTime();
    const { app, put } = await open({ time });
    const ask = () => modern(app, "tools/list");
    expect((await ask()).status).toBe(200);
    const none = { requests: null, calls: null, anonymous: null, failures: null };
    await put({ rateLimits: { ...none, requests: 3 } });
    const statuses = [];
    for (let tries = 0; tries < 4; tries++) statuses.push((await ask()).status);
    // The one before the change was a three-thousandth of its minute.
    expect(statuses).toEqual([200, 200, 429, 429]);
    await time.advance(60_000);
    expect((await put({ rateLimits: none })).status).toBe(200);
    for (let tries = 0; tries < 9; tries++) expect((await ask()).status).toBe(200);
  });

  it("limits tool calls anew, too", async () => {
    const time = createFakeTime();
    const { app, put } = await open({ time });
    const call = () => modern(app, "tools/call", { name: "one_echo", arguments: {} });
    const none = { requests: null, calls: null, anonymous: null, failures: null };
    await put({ rateLimits: { ...none, calls: 1 } });
    expect((await call()).body.result.isError ?? false).toBe(false);
    const refused = await call();
    expect(refused.body.result.isError).toBe(true);
    expect(JSON.stringify(refused.body.result.content)).toContain("Too many calls: 1 in a minute");
    await put({ rateLimits: null });
    await time.advance(60_000);
    expect((await call()).body.result.isError ?? false).toBe(false);
  });

  it("lets pages of other origins in, and out again", async () => {
    const allowed = "https://inspector.example.org";
    const { app, put } = await open({
      // A server that others reach: pages of this machine are no exception there.
      config: {
        allowedHosts: ["localhost", "mcp.example.org"],
        allowedOrigins: [],
        auth: "keys",
        sse: true,
      },
    });
    expect(await isLetIn(app, allowed)).toBe(false);
    await put({ allowedOrigins: [allowed] });
    expect(await isLetIn(app, allowed)).toBe(true);
    expect(await isLetIn(app, `${allowed}.evil.example`)).toBe(false);
    // It is let in to ask, and needs a key all the same.
    const headers = { origin: allowed };
    const refused = await app.request("/api/plugins", { key: null, headers });
    expect(refused.status).toBe(401);
    // Names of hosts and schemes know no case.
    const shouted = await app.request("/api/plugins", {
      key: null,
      headers: { origin: "HTTPS://Inspector.Example.Org" },
    });
    expect(shouted.status).toBe(401);
    await put({ allowedOrigins: [] });
    expect(await isLetIn(app, allowed)).toBe(false);
  });

  it.each([
    ["a level that there is not", { logLevel: "loud" }, "/logLevel"],
    ["no days at all", { auditDays: 0 }, "/auditDays"],
    ["half a day", { auditDays: 0.5 }, "/auditDays"],
    ["one limit alone", { rateLimits: { requests: 5 } }, "/rateLimits/calls"],
    [
      "a limit of nothing",
      { rateLimits: { ...DEFAULT_RATE_LIMITS, calls: 0 } },
      "/rateLimits/calls",
    ],
    ["an address for an origin", { allowedOrigins: ["https://a.example/"] }, "/allowedOrigins/0"],
    ["every origin", { allowedOrigins: ["*"] }, "/allowedOrigins/0"],
    ["no page's origin", { allowedOrigins: ["null"] }, "/allowedOrigins/0"],
    ["an origin with capitals", { allowedOrigins: ["https://A.example"] }, "/allowedOrigins/0"],
    ["another setting", { publicUrl: "https://a.example" }, ""],
    ["nothing", {}, ""],
  ])("refuses %s, and changes nothing", async (_, body, pointer) => {
    const { get, put } = await open();
    const { status, json } = await put(body);
    expect([status, json.code]).toEqual([422, "BODY_INVALID"]);
    expect(json.errors[0].pointer).toBe(pointer);
    expect(await get()).toEqual(DEFAULTS);
  });

  it("leaves to the environment what the environment has decided", async () => {
    const { told, get, put, store } = await open({}, { fixed: ["logLevel"] });
    const { status, json } = await put({ auditDays: 5, logLevel: "debug" });
    expect([status, json.code]).toEqual([409, "SETTING_FIXED"]);
    expect(await get()).toEqual({
      ...DEFAULTS,
      logLevel: { value: "info", source: "environment" },
    });
    // Also what was stored before the environment had a word counts no more.
    await store.put({ logLevel: "debug" }, null);
    expect((await get()).logLevel).toEqual({ value: "info", source: "environment" });
    expect(told).toEqual([]);
  });

  it("changes only what the caller has read, where they say what that was", async () => {
    const { app, put, get } = await open();
    const read = await app.admin("GET /api/settings");
    const ifMatch = { "if-match": read.headers.get("etag")! };
    const first = await put({ auditDays: 5 }, ifMatch);
    expect(first.status).toBe(200);
    const late = await put({ auditDays: 6 }, ifMatch);
    expect([late.status, late.json.code]).toEqual([412, "PRECONDITION_FAILED"]);
    expect((await get()).auditDays.value).toBe(5);
    const next = await put({ auditDays: 6 }, { "if-match": first.headers.get("etag")! });
    expect(next.status).toBe(200);
  });

  it("loses no change of several that come at once", async () => {
    const { put, get } = await open();
    const answers = await Promise.all([
      put({ logLevel: "error" }),
      put({ auditDays: 9 }),
      put({ allowedOrigins: ["https://a.example"] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await get()).toMatchObject({
      logLevel: { value: "error" },
      auditDays: { value: 9 },
      allowedOrigins: { value: ["https://a.example"] },
    });
  });

  it("says that somebody else was quicker, at the same moment", async () => {
    const memory = createMemoryServerSettings();
    const store = { ...memory, put: async () => false };
    const { put } = await open({}, { store });
    const { status, json } = await put({ auditDays: 9 });
    expect([status, json.code]).toEqual([409, "CONFLICT"]);
  });

  it("is in the audit record with what was set", async () => {
    const audit = createRecordingAudit();
    const { put } = await open({ audit });
    await put({ auditDays: 1, logLevel: null });
    expect(audit.entries.at(-1)).toMatchObject({
      actor: "user:admin-1",
      action: "admin.request",
      subject: "PUT /api/settings",
      outcome: "ok",
      detail: { status: 200, auditDays: "1", logLevel: "null" },
    });
  });

  it("is for those alone who may", async () => {
    const { app } = await open();
    const token = async (role: string) =>
      (await app.admin("POST /api/tokens", { name: role, scopes: [role] })).json.secret;
    const viewer = await token("viewer");
    const operator = await token("operator");
    const body = { auditDays: 1 };
    expect((await app.admin("GET /api/settings", undefined, viewer)).status).toBe(200);
    expect((await app.admin("PUT /api/settings", body, viewer)).status).toBe(403);
    expect((await app.admin("PUT /api/settings", body, operator)).status).toBe(403);
    expect((await app.admin("PUT /api/settings", body, CLIENT_KEY)).status).toBe(403);
  });
});

describe("stored settings", () => {
  it("count from a start on, and what another version has stored is passed over and kept", async () => {
    const store = createMemoryServerSettings();
    await store.put({ logLevel: "debug", auditDays: "soon", later: { a: 1 } }, null);
    const { told, get, put } = await open({}, { store });
    expect(told).toEqual([["logLevel", "debug"]]);
    expect(await get()).toEqual({
      ...DEFAULTS,
      logLevel: { value: "debug", source: "stored" },
    });
    await put({ logLevel: null });
    expect((await store.read())!.values).toEqual({ auditDays: "soon", later: { a: 1 } });
  });

  it("are taken over within 20 seconds from another server on the same database", async () => {
    const store = createMemoryServerSettings();
    const time = createFakeTime();
    const here = await open({ time }, { store });
    const there = await open({ time }, { store });
    await here.put({ logLevel: "error" });
    expect(there.told).toEqual([]);
    await time.advance(20_000);
    expect(there.told).toEqual([["logLevel", "error"]]);
  });

  it("tell the log that they have changed", async () => {
    const logger = createRecordingLogger();
    const { put } = await open({ logger });
    await put({ auditDays: 7 });
    const record = logger.records.find(({ message }) => message === "A setting has changed");
    expect(record?.fields).toMatchObject({ setting: "auditDays", value: 7, source: "stored" });
  });
});
