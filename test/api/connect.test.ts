import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  askedLink,
  callTool,
  createBrowser,
  openConnectApp,
  SHOWS_ADDRESSES,
} from "../helpers/connect-app.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { ADMIN_TOKEN, CLIENT_KEY, OTHER_CLIENT_KEY, PUBLIC_URL } from "../helpers/test-app.ts";

describe("connecting an account from a tool call", () => {
  it("goes from the question over the provider to the repeated call", async () => {
    const { app, oidc } = await openConnectApp();
    const { link, state, params } = await askedLink(app);
    expect(params).toEqual({
      mode: "url",
      message: '"drive" needs an account. Connect one, and it goes on.',
      url: link,
    });
    expect(link).toMatch(/^http:\/\/localhost:3000\/connect\/[A-Za-z0-9_-]{43}$/);

    const browser = createBrowser(app);
    const page = await browser.open(link);
    expect(page.status).toBe(200);
    expect(page.text).toContain("<code>read</code>");
    const back = await browser.goTo(link, ADMIN_TOKEN);
    const done = await browser.open(back);
    expect(done.status).toBe(200);
    expect(done.text).toContain("is connected to “drive”");

    const repeated = await callTool(
      app,
      "drive_token",
      { capabilities: SHOWS_ADDRESSES },
      {
        inputResponses: { connect: { action: "accept" } },
        requestState: state,
      },
    );
    expect(repeated.result.structuredContent.length).toBeGreaterThan(20);
    expect(oidc.hits("POST /token")).toBe(1);
  });

  it("says in the error's text where, to a client that shows no addresses", async () => {
    const { app } = await openConnectApp();
    const { result } = await callTool(app, "drive_token");
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toMatch(
      /^"drive" needs an account\. Open http:\/\/localhost:3000\/connect\/[\w-]{43} within five minutes to connect one, and call again\.$/,
    );
  });

  it("is given up when the person declines", async () => {
    const { app } = await openConnectApp();
    const { state } = await askedLink(app);
    const { result } = await callTool(
      app,
      "drive_token",
      { capabilities: SHOWS_ADDRESSES },
      {
        inputResponses: { connect: { action: "decline" } },
        requestState: state,
      },
    );
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: 'No account was connected to "drive".' }],
    });
  });

  it("gives each person an account of their own, where the plugin's are its users'", async () => {
    const { app } = await openConnectApp({ owner: "user" });
    const digests = new Set<string>();
    for (const [key, login] of [
      [CLIENT_KEY, "alice"],
      [OTHER_CLIENT_KEY, "bob"],
    ] as const) {
      const { link } = await askedLink(app, "drive_digest", key);
      const browser = createBrowser(app);
      expect((await browser.open(await browser.goTo(link, key, { login }))).status).toBe(200);
      const { result } = await callTool(app, "drive_digest", { key });
      digests.add(result.structuredContent.digest);
    }
    expect(digests.size).toBe(2);
  });

  it("tells a plugin who it is, and never the refresh token", async () => {
    const { app } = await openConnectApp();
    const before = await callTool(app, "drive_state");
    expect(before.result.structuredContent).toEqual({ isAuthenticated: false, info: null });
    const browser = createBrowser(app);
    await browser.open(await browser.goTo((await askedLink(app)).link, ADMIN_TOKEN));
    const { result } = await callTool(app, "drive_state");
    expect(result.structuredContent).toEqual({
      isAuthenticated: true,
      // What was handed out during the call comes back in no answer.
      info: {
        accessToken: "[redacted]",
        expiresAt: expect.any(Number),
        scope: "openid offline_access read",
        tokenType: "Bearer",
      },
    });
    const again = await callTool(app, "drive_reauth");
    expect(again.result.structuredContent.url).toMatch(/^http:\/\/localhost:3000\/connect\//);
    const asked = await callTool(app, "drive_token", { capabilities: SHOWS_ADDRESSES });
    expect(asked.result.inputRequests.connect.params.message).toContain(
      "The last connection ended: its plugin says that the provider refuses it.",
    );
  });
});

describe("a connect page", () => {
  it.each([
    ["no token of this server", "shared", "not-a-key", "no token or key"],
    ["a client's key, for everybody's account", "shared", CLIENT_KEY, "not of whoever asked"],
    [
      "another client's key, for a user's account",
      "user",
      OTHER_CLIENT_KEY,
      "not of whoever asked",
    ],
  ] as const)("lets nobody on with %s", async (_what, owner, secret, words) => {
    const { app } = await openConnectApp({ owner });
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const page = await browser.submit(link, { secret });
    expect(page.status).toBe(403);
    expect(page.text).toContain(words);
    expect(page.goOn).toBeNull();
    expect([...browser.cookies]).toEqual([]);
  });

  it("puts on record whose secret did not suffice", async () => {
    const audit = createRecordingAudit();
    const { app } = await openConnectApp({ deps: { audit } });
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    await browser.submit(link, { secret: "not-a-key" });
    await browser.submit(link, { secret: CLIENT_KEY });
    const refused = () => audit.entries.filter(({ action }) => action === "auth.refused");
    await expect
      .poll(() => refused().map(({ actor }) => actor))
      .toEqual(["client:anonymous", "client:client-1"]);
    expect(JSON.stringify(audit.entries)).not.toContain("not-a-key");
  });

  it("asks an administrator once more before they connect an account for somebody else", async () => {
    const { app } = await openConnectApp({ owner: "user" });
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const asked = await browser.submit(link, { secret: ADMIN_TOKEN });
    expect([asked.status, asked.goOn]).toEqual([200, null]);
    expect(asked.text).toContain("client:client-1 is somebody else");
    expect(asked.text).toContain('name="confirm" value="client:client-1"');
    // The link says so from now on, and a form without the answer does not go on.
    expect((await browser.open(link)).text).toContain("is somebody else");
    for (const fields of [{}, { confirm: "client:client-2" }, { confirm: "" }]) {
      expect((await browser.submit(link, fields)).goOn).toBeNull();
    }
    expect((await browser.submit(link, { confirm: "client:client-1" })).goOn).toContain("/auth?");
    // Whoever asked is not asked again.
    const own = createBrowser(app);
    expect((await own.submit(link, { secret: CLIENT_KEY })).goOn).toContain("/auth?");
  });

  it("lets a person sign out, in this browser and from this server's pages alone", async () => {
    const audit = createRecordingAudit();
    const { app } = await openConnectApp({ deps: { audit } });
    const browser = createBrowser(app);
    await browser.submit((await askedLink(app)).link, { secret: ADMIN_TOKEN });
    const { link } = await askedLink(app, "other_token");
    expect((await browser.open(link)).text).toContain('action="/sign-out"');
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await browser.submit("/sign-out", {}, foreign)).status).toBe(403);
    expect((await browser.open(link)).text).not.toContain('name="secret"');
    const kept = new Map(browser.cookies);
    const out = await browser.submit("/sign-out");
    expect([out.status, out.text.includes("You are signed out")]).toEqual([200, true]);
    expect(audit.entries.at(-1)).toMatchObject({
      action: "session.end",
      actor: "user:admin-1",
      outcome: "ok",
      detail: { browsers: "one" },
    });
    expect((await browser.open(link)).text).toContain('name="secret"');
    // Neither does the secret count for whoever has kept it.
    for (const [name, value] of kept) browser.cookies.set(name, value);
    expect((await browser.open(link)).text).toContain('name="secret"');
  });

  it("has the port in its cookies' names on plain http, where all ports share them", async () => {
    const { app } = await openConnectApp();
    const browser = createBrowser(app);
    await browser.submit((await askedLink(app)).link, { secret: ADMIN_TOKEN });
    expect([...browser.cookies.keys()].toSorted()).toEqual([
      "mcp-plugin-server-3000-connect",
      "mcp-plugin-server-3000-session",
    ]);
  });

  it("answers a form that it cannot read with a page", async () => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    const answer = await createBrowser(app).open(link, {
      method: "POST",
      body: "{}",
      headers: { origin: PUBLIC_URL, "content-type": "application/json" },
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      422,
      "text/html; charset=utf-8",
    ]);
  });

  it("lets nobody on who has not said who they are", async () => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    expect(await createBrowser(app).submit(link)).toMatchObject({ status: 403, goOn: null });
  });

  it("knows an administrator who has signed in before, for twelve hours", async () => {
    const { app } = await openConnectApp();
    const browser = createBrowser(app);
    await browser.submit((await askedLink(app)).link, { secret: ADMIN_TOKEN });
    const { link } = await askedLink(app, "other_token");
    expect((await browser.open(link)).text).not.toContain('name="secret"');
    expect((await browser.submit(link)).goOn).toContain("/auth?");
    expect((await createBrowser(app).open(link)).text).toContain('name="secret"');
  });

  it.each([
    ["of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["of another port of this machine", { origin: "http://localhost:4000" }],
    ["that says it is of another site", { "sec-fetch-site": "cross-site" }],
    ["that does not say where it is from", { origin: "" }],
  ])("takes no form %s", async (_what, headers) => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const answer = await browser.submit(link, { secret: ADMIN_TOKEN }, headers);
    expect(answer.status).toBe(403);
    expect(answer.goOn).toBeNull();
  });

  it("binds the browser by a cookie that scripts and other sites do not get", async () => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    const page = await createBrowser(app).submit(link, { secret: ADMIN_TOKEN });
    const cookies = page.headers.getSetCookie();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies)
      expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  });

  it("runs no scripts, is in no frame, is kept nowhere, and escapes what others have written", async () => {
    const { app } = await openConnectApp({ scopes: ["read", "<script>alert(1)</script>"] });
    const { link } = await askedLink(app);
    const page = await createBrowser(app).open(link);
    expect(page.text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page.text).not.toContain("<script");
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    const style = /<style>([\s\S]*)<\/style>/.exec(page.text)![1]!;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page.headers.get("content-security-policy")).toContain(`style-src 'sha256-${hash}'`);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("referrer-policy")).toBe("same-origin");
  });

  it.each(["A".repeat(43), "short", "../../etc", "%00"])(
    "says that %j is no link",
    async (handle) => {
      const { app } = await openConnectApp();
      const page = await createBrowser(app).open(`/connect/${encodeURIComponent(handle)}`);
      expect(page.status).toBe(410);
      expect(page.text).toContain("used up or too old");
    },
  );

  it("opens no other site, whatever an address has behind it", async () => {
    const { app, oidc } = await openConnectApp();
    const { link } = await askedLink(app);
    const more = `${link}?returnTo=https://evil.example&redirect_uri=https://evil.example`;
    const { goOn } = await createBrowser(app).submit(more, { secret: ADMIN_TOKEN });
    expect(goOn).toMatch(new RegExp(`^${oidc.issuer}/auth\\?`));
    expect(new URL(goOn!).searchParams.get("redirect_uri")).toBe(
      `${PUBLIC_URL}/oauth/callback/drive`,
    );
  });
});
