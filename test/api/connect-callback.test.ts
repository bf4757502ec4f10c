import { describe, expect, it } from "vitest";
import {
  askedLink,
  callTool,
  createBrowser,
  openConnectApp,
  type OpenedPage,
} from "../helpers/connect-app.ts";
import { AppError, type AppDeps } from "../../src/index.ts";
import { createFakeTime } from "../helpers/fake-time.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { startOidcServer } from "../helpers/oidc-server.ts";
import { ADMIN_TOKEN, PUBLIC_URL } from "../helpers/test-app.ts";

const GONE = "This link is good no more";
const headingOf = ({ text }: Pick<OpenedPage, "text">) => /<h1>([^<]*)/.exec(text)?.[1];

describe("a callback", () => {
  /** A person who has granted, and has not come back yet. */
  async function openGranted(options: Parameters<typeof openConnectApp>[0] = {}) {
    const opened = await openConnectApp(options);
    const { link } = await askedLink(opened.app);
    const browser = createBrowser(opened.app);
    const back = new URL(await browser.goTo(link, ADMIN_TOKEN));
    return { ...opened, link, browser, back };
  }
  type Granted = Awaited<ReturnType<typeof openGranted>>;
  const changed = (back: URL, change: (query: URLSearchParams) => void): string => {
    const url = new URL(back);
    change(url.searchParams);
    return url.href;
  };

  it.each<[string, number, (granted: Granted) => unknown]>([
    [
      "without a state",
      400,
      ({ browser, back }) => browser.open(changed(back, (q) => q.delete("state"))),
    ],
    [
      "with another state",
      410,
      ({ browser, back }) => browser.open(changed(back, (q) => q.set("state", "A".repeat(43)))),
    ],
    [
      "with half a state",
      410,
      ({ browser, back }) =>
        browser.open(changed(back, (q) => q.set("state", q.get("state")!.slice(1)))),
    ],
    [
      "with two states",
      400,
      ({ browser, back }) => browser.open(changed(back, (q) => q.append("state", q.get("state")!))),
    ],
    [
      "with two codes",
      400,
      ({ browser, back }) => browser.open(changed(back, (q) => q.append("code", "another"))),
    ],
    [
      "with two issuers",
      400,
      ({ browser, back }) =>
        browser.open(changed(back, (q) => q.append("iss", "https://evil.example"))),
    ],
    [
      "without a code",
      502,
      ({ browser, back }) => browser.open(changed(back, (q) => q.delete("code"))),
    ],
    [
      "of another issuer",
      502,
      ({ browser, back }) =>
        browser.open(changed(back, (q) => q.set("iss", "https://evil.example"))),
    ],
    [
      "of no issuer, where the server says that it names itself",
      502,
      ({ browser, back }) => browser.open(changed(back, (q) => q.delete("iss"))),
    ],
    [
      "at another plugin",
      410,
      ({ browser, back }) => browser.open(back.href.replace("/drive?", "/other?")),
    ],
    [
      "at a plugin that is not there",
      410,
      ({ browser, back }) => browser.open(back.href.replace("/drive?", "/nobody?")),
    ],
    ["in another browser", 410, ({ app, back }) => createBrowser(app).open(back.href)],
    [
      "in the browser of somebody who connects an account, too",
      410,
      async ({ app, back }) => {
        const other = createBrowser(app);
        await other.submit((await askedLink(app)).link, { secret: ADMIN_TOKEN });
        return other.open(back.href);
      },
    ],
    [
      "with a binding that somebody has put there",
      410,
      ({ app, back }) =>
        createBrowser(app).open(back.href, {
          headers: { cookie: `mcp-plugin-server-3000-connect=${"A".repeat(43)}` },
        }),
    ],
    [
      "after the person has gone to the provider once more",
      410,
      async ({ browser, link, back }) => {
        await browser.submit(link);
        return browser.open(back.href);
      },
    ],
  ])("%s is refused, and the provider is asked for nothing", async (_what, status, open) => {
    const granted = await openGranted();
    const page = (await open(granted)) as OpenedPage;
    expect(page.status).toBe(status);
    // Where nobody can say what came of it, nobody does.
    expect(headingOf(page)).toBe(status === 410 ? GONE : "Nothing was connected");
    expect(granted.tokenRequests()).toBe(0);
    const { result } = await callTool(granted.app, "drive_state");
    expect(result.structuredContent.isAuthenticated).toBe(false);
  });

  it("is refused when the ten minutes are over, and the provider is asked for nothing", async () => {
    const time = createFakeTime(Date.now());
    const { browser, back, tokenRequests } = await openGranted({ deps: { time } });
    await time.advance(10 * 60_000);
    const page = await browser.open(back.href);
    expect([page.status, tokenRequests()]).toEqual([410, 0]);
    expect(headingOf(page)).toBe(GONE);
  });

  it("is refused when the server has another address by now, and the provider is asked for nothing", async () => {
    let address = PUBLIC_URL;
    const { app, back, browser, tokenRequests } = await openGranted({ publicUrl: () => address });
    address = "http://127.0.0.1:3000";
    const page = await browser.open(back.href);
    expect([page.status, tokenRequests()]).toEqual([410, 0]);
    expect(headingOf(page)).toBe("Nothing was connected");
    const { result } = await callTool(app, "drive_state");
    expect(result.structuredContent.isAuthenticated).toBe(false);
  });

  it("is not used up by a look at its head", async () => {
    const { browser, back, tokenRequests } = await openGranted();
    const head = await browser.open(back.href, { method: "HEAD" });
    expect([head.status, head.headers.get("allow"), tokenRequests()]).toEqual([405, "GET", 0]);
    expect((await browser.open(back.href)).status).toBe(200);
  });

  /** A record of what happens that can be full when an account is connected. */
  function fillingAudit() {
    const audit = createRecordingAudit();
    const disk = { isFull: true };
    const log: AppDeps["audit"] = {
      async record(entry) {
        if (disk.isFull && entry.action === "token.connect") {
          throw new AppError("AUDIT_UNAVAILABLE", "the disk of the record is full");
        }
        await audit.record(entry);
      },
    };
    return { disk, deps: { audit: log } };
  }

  it("that cannot be kept says so in a page, with the status of the problem, and ends what was granted", async () => {
    const { browser, back, oidc } = await openGranted({ deps: fillingAudit().deps });
    const page = await browser.open(back.href);
    expect(page.status).toBe(503);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.text).toContain("cannot be recorded right now");
    expect(page.text).not.toContain("the disk of the record");
    // Of both tokens.
    expect(oidc.hits("POST /token/revocation")).toBe(2);
  });

  it("that cannot be kept leaves a connection alone that was there before", async () => {
    const { disk, deps } = fillingAudit();
    disk.isFull = false;
    const { app, oidc, browser, back } = await openGranted({ deps });
    expect((await browser.open(back.href)).status).toBe(200);
    disk.isFull = true;
    const initiated = await app.request("/api/auth/oauth/initiate/drive", { key: ADMIN_TOKEN });
    const { authUrl } = (await initiated.json()) as { authUrl: string };
    expect((await browser.open(await browser.goTo(authUrl, ADMIN_TOKEN))).status).toBe(503);
    expect(oidc.hits("POST /token/revocation")).toBe(0);
    const { result } = await callTool(app, "drive_state");
    expect(result.structuredContent.isAuthenticated).toBe(true);
    expect(app.logs.map(({ message }) => message)).toContain(
      "Tokens that could not be kept are still good at the provider",
    );
  });

  it("of a provider that names no scope grants what it was asked for, whatever the plugin asks for by then", async () => {
    const { app, oidc, oauth, browser, back } = await openGranted();
    oidc.plan("POST /token", {
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ access_token: "a-token", token_type: "Bearer", expires_in: 3_600 }),
    });
    oauth.scopes = ["openid", "offline_access", "read", "write"];
    await app.manager.reload("drive");
    const page = await browser.open(back.href);
    expect(page.text).toMatch(/Granted: <code>openid offline_access read<\/code>/);
  });

  it("counts once", async () => {
    const { browser, back, tokenRequests } = await openGranted();
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser.open(back.href)));
    expect(pages.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(7).fill(410),
    ]);
    const again = await browser.open(back.href);
    expect([again.status, headingOf(again), tokenRequests()]).toEqual([410, GONE, 1]);
    expect(again.text).toContain("If you have just connected an account, look whether it is");
  });

  it("and what leads to it name the host that people are sent to", async () => {
    const { app, oidc } = await openConnectApp();
    const { host } = new URL(oidc.issuer);
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const { text: before } = await browser.open(link);
    expect(before).toContain(`<h1>Connect ${host} to “drive”</h1>`);
    const away = await browser.submit(link, { secret: ADMIN_TOKEN });
    expect(away.text).toContain(`Go on to ${new URL(away.goOn!).host}</a>`);
    const page = await browser.open(await browser.goTo(link, ADMIN_TOKEN));
    expect(headingOf(page)).toBe(`${host} is connected to “drive”`);
  });

  it("has the link that led to it stay good while the same client calls again and again", async () => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    expect((await browser.open(link)).status).toBe(200);
    for (let calls = 0; calls < 25; calls++) expect((await askedLink(app)).link).toBe(link);
    const page = await browser.open(await browser.goTo(link, ADMIN_TOKEN));
    expect(page.text).toContain("is connected");
    // The next who lacks an account gets another.
    expect((await askedLink(app, "other_token")).link).not.toBe(link);
  });

  it("uses up the link that led to it", async () => {
    const { app } = await openConnectApp();
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const back = await browser.goTo(link, ADMIN_TOKEN);
    expect((await browser.open(link)).status).toBe(200);
    expect((await browser.open(back)).status).toBe(200);
    for (const page of [await browser.open(link), await browser.submit(link)]) {
      expect([page.status, page.goOn]).toEqual([410, null]);
      expect(page.text).toContain("used up or too old");
    }
  });

  it("of a person who said no says so, and lets them try again", async () => {
    const { app, tokenRequests } = await openConnectApp();
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const back = await browser.goTo(link, ADMIN_TOKEN, { decision: "deny" });
    const page = await browser.open(back);
    expect(page.status).toBe(200);
    expect(page.text).toContain("Nothing was connected");
    expect(tokenRequests()).toBe(0);
    const again = await browser.goTo(link, ADMIN_TOKEN);
    expect((await browser.open(again)).text).toContain("is connected");
  });

  it("never brings a code of one server to another", async () => {
    const { app, oidc } = await openConnectApp();
    const evil = await startOidcServer({ redirectUris: [`${PUBLIC_URL}/oauth/callback/drive`] });
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    const back = new URL(await browser.goTo(link, ADMIN_TOKEN));
    back.searchParams.set("iss", evil.issuer);
    expect((await browser.open(back.href)).status).toBe(502);
    expect([oidc.hits("POST /token"), evil.hits("POST /token")]).toEqual([0, 0]);
  });

  it("says what was not granted", async () => {
    const { browser, back } = await openGranted({
      scopes: ["openid", "offline_access", "read", "write"],
      server: { grantScopes: (asked) => asked.filter((scope) => scope !== "write") },
    });
    const page = await browser.open(back.href);
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/Not granted: <code>write<\/code>/);
  });
});
