import { describe, expect, it } from "vitest";
import { claimsOf, METADATA, signJwt, startIssuer } from "../core/auth/access-token-fixture.ts";
import { askedLink, callTool, createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { ADMIN_TOKEN, CLIENT_KEY, PUBLIC_URL } from "../helpers/test-app.ts";

/** A server whose users come with access tokens, and such tokens. */
async function openForPeople(owner: "user" | "shared" = "user") {
  const issuer = await startIssuer();
  const audit = createRecordingAudit();
  const issuers = [{ issuer: issuer.server.origin }];
  const { app, oidc } = await openConnectApp({ owner, deps: { issuers, audit } });
  const tokenOf = (sub: string, claims: Record<string, unknown> = {}) => {
    const good = claimsOf(issuer.server.origin, Date.now());
    return signJwt({ claims: { ...good, aud: `${PUBLIC_URL}/mcp`, sub, ...claims } });
  };
  return { app, oidc, issuer, audit, tokenOf };
}

const NO_TOKEN = "That is no token or key of this server.";
const NOT_THEIRS = "That is a good key, but not of whoever asked to connect this account.";

describe("somebody who comes with an access token", () => {
  it("connects an account of their own with it, and is given no session for it", async () => {
    const { app, tokenOf } = await openForPeople();
    const token = await tokenOf("alice");
    const { link } = await askedLink(app, "drive_token", token);
    const browser = createBrowser(app);
    expect((await browser.open(link)).text).toContain(
      "Access token or key of the client that asked, or admin token",
    );
    const done = await browser.open(await browser.goTo(link, token));
    expect([done.status, done.text]).toEqual([200, expect.stringContaining("is connected to")]);
    expect([...browser.cookies.keys()].filter((name) => name.endsWith("-session"))).toEqual([]);

    const { result } = await callTool(app, "drive_token", { key: await tokenOf("alice") });
    expect(result.structuredContent.length).toBeGreaterThan(20);
    for (const key of [await tokenOf("bob"), CLIENT_KEY]) {
      const others = await callTool(app, "drive_token", { key });
      expect(others.result.content[0].text).toContain('"drive" needs an account.');
    }
  });

  it.each<[what: string, claims: Record<string, unknown>, fault: string]>([
    ["of somebody else", { sub: "bob" }, NOT_THEIRS],
    ["that may not use /mcp", { scope: "openid" }, NOT_THEIRS],
    ["for another server", { aud: "https://other.example.test/mcp" }, NO_TOKEN],
    ["that has expired", { exp: 1_000_000_000 }, NO_TOKEN],
  ])("does not connect it with a token %s", async (_, claims, fault) => {
    const { app, oidc, audit, tokenOf } = await openForPeople();
    const { link } = await askedLink(app, "drive_token", await tokenOf("alice"));
    const page = await createBrowser(app).submit(link, { secret: await tokenOf("alice", claims) });
    expect([page.status, page.goOn]).toEqual([403, null]);
    expect(page.text).toContain(fault);
    expect(oidc.hits("POST /token")).toBe(0);
    const reason = fault === NO_TOKEN ? "TOKEN_INVALID" : "FORBIDDEN";
    const refused = () => audit.entries.filter(({ action }) => action === "auth.refused");
    await expect
      .poll(() => refused().map(({ subject, detail }) => [subject, detail]))
      .toEqual([["POST /connect/:handle", { reason }]]);
  });

  it("connects no account that all share", async () => {
    const { app, tokenOf } = await openForPeople("shared");
    const { link } = await askedLink(app);
    const browser = createBrowser(app);
    expect((await browser.open(link)).text).not.toContain("Access token");
    const page = await browser.submit(link, { secret: await tokenOf("alice") });
    expect([page.status, page.goOn]).toEqual([403, null]);
  });

  it("is told to try again while nobody can tell whether the token is good", async () => {
    const { app, issuer, tokenOf } = await openForPeople();
    const { link } = await askedLink(app);
    issuer.answers[METADATA] = { status: 500 };
    const page = await createBrowser(app).submit(link, { secret: await tokenOf("alice") });
    expect([page.status, page.headers.get("retry-after")]).toEqual([503, "5"]);
  });
});

it.each([
  ["a client's key", CLIENT_KEY, []],
  ["an admin token", ADMIN_TOKEN, ["mcp-plugin-server-3000-session"]],
])("by %s, a browser is signed in as far as it should be", async (_, secret, signedIn) => {
  const { app } = await openConnectApp({ owner: "user" });
  const { link } = await askedLink(app);
  const browser = createBrowser(app);
  const fields = { secret, confirm: "client:client-1" };
  expect((await browser.submit(link, fields)).goOn).toContain("/auth?");
  const sessions = [...browser.cookies.keys()].filter((name) => name.endsWith("-session"));
  expect(sessions).toEqual(signedIn);
  const asksAgain = (await browser.open(link)).text.includes('name="secret"');
  expect(asksAgain).toBe(signedIn.length === 0);
});

it("no access token is asked for where none is taken", async () => {
  const { app } = await openConnectApp({ owner: "user" });
  const { link } = await askedLink(app);
  const page = await createBrowser(app).open(link);
  expect(page.text).toContain("Key of the client that asked, or admin token");
});
