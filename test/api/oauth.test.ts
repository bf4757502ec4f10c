import { describe, expect, it } from "vitest";
import {
  askedLink,
  callTool,
  createBrowser,
  openConnectApp,
  type ConnectAppOptions,
} from "../helpers/connect-app.ts";
import { createApiContract, type ApiDocument } from "../helpers/api-contract.ts";
import { ADMIN_TOKEN, CLIENT_KEY, PUBLIC_URL, type TestApp } from "../helpers/test-app.ts";

/** What comes is held against the document. */
async function ask(app: TestApp, method: string, path: string, key: string | null = ADMIN_TOKEN) {
  const response = await app.request(`/api/auth/oauth/${path}`, { method, key });
  const document = await app.request("/openapi.json", { key: null });
  const check = createApiContract((await document.json()) as ApiDocument);
  const { status, headers } = response;
  const text = await response.clone().text();
  const json: unknown = text === "" ? null : JSON.parse(text);
  const type = headers.get("content-type");
  expect(check(method, `/api/auth/oauth/${path}`, { status, type, json })).toBeNull();
  return response;
}

async function openConnected(options: ConnectAppOptions = {}) {
  const opened = await openConnectApp(options);
  const browser = createBrowser(opened.app);
  const secret = options.owner === "user" ? CLIENT_KEY : ADMIN_TOKEN;
  await browser.open(await browser.goTo((await askedLink(opened.app)).link, secret));
  return opened;
}

describe("/api/auth/oauth", () => {
  it.each([
    ["GET", "initiate/drive"],
    ["GET", "connections"],
    ["POST", "refresh/drive"],
    ["POST", "revoke/drive"],
    ["PUT", "client-secret/drive"],
  ])("is for administrators: %s %s", async (method, path) => {
    const { app } = await openConnectApp();
    expect((await ask(app, method, path, null)).status).toBe(401);
    expect((await ask(app, method, path, CLIENT_KEY)).status).toBe(403);
  });

  it("begins a flow without any effect but an address that is good for ten minutes", async () => {
    const { app, oidc } = await openConnectApp();
    const { authUrl, state } = await (await ask(app, "GET", "initiate/drive")).json();
    expect(authUrl).toBe(`${PUBLIC_URL}/connect/${state}`);
    expect(oidc.requests).toEqual([]);
    expect(await (await ask(app, "GET", "connections")).json()).toEqual({
      data: [],
      nextCursor: null,
    });
  });

  it("begins no flow where the client is granted its tokens for itself, and ends one that was begun before", async () => {
    const entries = { drive: { oauth: { clientId: "basic" } } };
    const { app } = await openConnectApp({ entries });
    const { authUrl } = await (await ask(app, "GET", "initiate/drive")).json();
    const settings = { clientId: "basic", grant: "client_credentials" };
    const changed = await app.request("/api/plugins/drive/config", {
      method: "PUT",
      key: ADMIN_TOKEN,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ oauth: settings }),
    });
    expect(changed.status).toBe(200);
    const refused = await ask(app, "GET", "initiate/drive");
    expect([refused.status, (await refused.json()).detail]).toEqual([
      422,
      '"drive" is granted its tokens as a client (`grant: "client_credentials"`): there is no account for a person to connect.',
    ]);
    expect((await createBrowser(app).open(authUrl)).status).toBe(410);
  });

  it("tells of connections without a word of their tokens", async () => {
    const { app } = await openConnected();
    const text = await (await ask(app, "GET", "connections?plugin=drive")).text();
    expect(JSON.parse(text).data).toEqual([
      {
        plugin: "drive",
        owner: "shared",
        status: "connected",
        reason: null,
        account: "alice@example.test",
        scope: "openid offline_access read",
        missingScopes: [],
        connectedAt: expect.any(Number),
        refreshedAt: null,
        expiresAt: expect.any(Number),
        isRefreshable: true,
      },
    ]);
    expect(await (await ask(app, "GET", "connections?plugin=other")).json()).toEqual({
      data: [],
      nextCursor: null,
    });
  });

  it("tells what is missing of what the plugin asks for by now", async () => {
    const { app, oauth } = await openConnected();
    const missing = async () =>
      (await (await ask(app, "GET", "connections")).json()).data[0].missingScopes;
    oauth.scopes.push("write");
    await app.manager.reload("drive");
    expect(await missing()).toEqual(["write"]);
    oauth.scopes.pop();
    await app.manager.reload("drive");
    expect(await missing()).toEqual([]);
  });

  it("says that a person is needed while another client is set up, and not when the first one is back", async () => {
    const { app } = await openConnected();
    const setUp = (clientId: string) =>
      app.request("/api/plugins/drive/config", {
        method: "PUT",
        key: ADMIN_TOKEN,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ oauth: { clientId } }),
      });
    const listed = async () => (await (await ask(app, "GET", "connections")).json()).data;
    await setUp("typo");
    expect(await listed()).toMatchObject([
      { status: "needs_reauth", reason: "its provider or client is another one now" },
    ]);
    const asked = await callTool(app, "drive_token");
    expect(asked.result.content[0].text).toContain(
      "The last connection ended: its provider or client is another one now. Open http",
    );
    await setUp("basic");
    expect(await listed()).toMatchObject([{ status: "connected", reason: null }]);
    expect((await callTool(app, "drive_token")).result.structuredContent).toBeDefined();
  });

  it("renews and ends a connection", async () => {
    const { app, oidc } = await openConnected();
    const renewed = await (await ask(app, "POST", "refresh/drive")).json();
    expect(renewed).toMatchObject({ plugin: "drive", refreshedAt: expect.any(Number) });
    expect(await (await ask(app, "POST", "revoke/drive")).json()).toEqual({
      plugin: "drive",
      provider: "revoked",
    });
    expect(oidc.hits("POST /token/revocation")).toBeGreaterThan(0);
    expect((await ask(app, "POST", "revoke/drive")).status).toBe(404);
    expect((await callTool(app, "drive_token")).result.content[0].text).toContain(
      "needs an account",
    );
  });

  it("ends a connection whose plugin is gone, or is everybody's now, without asking the provider", async () => {
    for (const change of ["removed", "shared"] as const) {
      const { app, oidc, declared } = await openConnected({ owner: "user" });
      const listed = async () => (await (await ask(app, "GET", "connections")).json()).data;
      expect(await listed()).toMatchObject([{ plugin: "drive", owner: "client:client-1" }]);
      if (change === "removed") await app.update({});
      else {
        declared.owner = "shared";
        await app.manager.reload("drive");
      }
      const asked = oidc.requests.length;
      const ended = await ask(app, "POST", "revoke/drive?owner=client:client-1");
      expect(await ended.json()).toEqual({ plugin: "drive", provider: "not-asked" });
      expect(oidc.requests.length).toBe(asked);
      expect(await listed()).toEqual([]);
      expect((await ask(app, "POST", "revoke/drive?owner=client:client-1")).status).not.toBe(200);
    }
  });

  it("keeps several accounts of one provider apart: each is an instance of its own", async () => {
    const { app } = await openConnectApp();
    const digests = new Map<string, string>();
    for (const [id, login] of [
      ["drive", "alice"],
      ["other", "bob"],
    ] as const) {
      const browser = createBrowser(app);
      const { link } = await askedLink(app, `${id}_token`);
      await browser.open(await browser.goTo(link, ADMIN_TOKEN, { login }));
      const { result } = await callTool(app, `${id}_digest`);
      digests.set(id, result.structuredContent.digest);
    }
    expect(digests.get("drive")).not.toBe(digests.get("other"));
    const first = await (await ask(app, "GET", "connections?limit=1")).json();
    expect(first.data).toMatchObject([{ account: "alice@example.test" }]);
    const rest = await ask(app, "GET", `connections?limit=1&cursor=${first.nextCursor}`);
    expect(await rest.json()).toMatchObject({
      data: [{ account: "bob@example.test" }],
      nextCursor: null,
    });
    await ask(app, "POST", "revoke/drive");
    const { result } = await callTool(app, "other_digest");
    expect(result.structuredContent.digest).toBe(digests.get("other"));
    expect((await callTool(app, "drive_digest")).result.isError).toBe(true);
  });

  it("begins nothing by a look at the head of initiate", async () => {
    const { app } = await openConnectApp();
    const head = await ask(app, "HEAD", "initiate/drive");
    expect([head.status, head.headers.get("allow")]).toEqual([405, "GET"]);
  });

  it.each([
    ["GET", "initiate/nobody", 404],
    ["POST", "revoke/nobody", 404],
    ["POST", "refresh/drive", 409],
    ["GET", "initiate/drive?owner=me", 400],
    ["GET", "initiate/drive?owner=client:a", 422],
  ])("%s %s is answered with %i", async (method, path, status) => {
    const { app } = await openConnectApp();
    expect((await ask(app, method, path)).status).toBe(status);
  });

  it("takes a client secret and gives it to nobody", async () => {
    const { app } = await openConnectApp();
    const credentials = await app.request("/api/auth/credentials", { key: ADMIN_TOKEN });
    expect(await credentials.json()).toEqual({ data: [], nextCursor: null });
    const set = await app.request("/api/auth/credentials", {
      method: "POST",
      key: ADMIN_TOKEN,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ plugin: "drive", name: "$oauth.client_secret", value: "mine now" }),
    });
    expect(set.status).toBe(422);
  });
});

describe("/oauth/client/:pluginId", () => {
  it("says who the client is, where the provider reads that, and nothing else", async () => {
    const { app } = await openConnectApp({
      entries: { drive: { oauth: { registration: "metadata-document" } } },
    });
    const answer = await app.request("/oauth/client/drive", { key: null });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      client_id: `${PUBLIC_URL}/oauth/client/drive`,
      redirect_uris: [`${PUBLIC_URL}/oauth/callback/drive`],
      token_endpoint_auth_method: "none",
    });
    for (const id of ["other", "nobody", "__proto__"]) {
      expect((await app.request(`/oauth/client/${id}`, { key: null })).status).toBe(404);
    }
  });
});
