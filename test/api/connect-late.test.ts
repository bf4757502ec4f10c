import { describe, expect, it } from "vitest";
import { createKeyRepository } from "../../src/index.ts";
import type { AuditEntry } from "../../src/types/audit.ts";
import { askedLink, createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { makeDatabase } from "../helpers/database.ts";
import { createRecordingAudit } from "../helpers/recording-audit.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";

/**
 * A person who is at the provider, and has come with a token of their own.
 *
 * @param isReread whether the keys are read again between the look at the token and the way to the provider
 */
async function openReturning(isReread = false) {
  const keyStore = createKeyRepository(makeDatabase().db);
  const audit = createRecordingAudit();
  const reading = async (entry: AuditEntry) => {
    if (isReread && entry.action === "session.begin") {
      await admin("POST /api/tokens", { name: "another", scopes: ["viewer"] });
    }
    return audit.record(entry);
  };
  const deps = { keyStore, audit: { ...audit, record: reading } };
  const opened = await openConnectApp({ deps });
  const { app } = opened;
  const admin = async (line: string, body?: unknown) => {
    const [method = "", path = ""] = line.split(" ");
    const response = await app.request(path, {
      method,
      key: ADMIN_TOKEN,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text === "" ? null : JSON.parse(text);
  };
  const token = await admin("POST /api/tokens", { name: "ops", scopes: ["operator"] });
  const { link } = await askedLink(app);
  const browser = createBrowser(app);
  const back = await browser.goTo(link, token.secret);
  return { ...opened, admin, token, browser, back, entries: audit.entries };
}
type Returning = Awaited<ReturnType<typeof openReturning>>;

describe("when the token that a person came with", () => {
  it.each<[string, string, unknown]>([
    ["is revoked", "DELETE /api/tokens/:id", undefined],
    ["is given another secret", "POST /api/tokens/:id/rotate", undefined],
    ["is kept from connecting", "PUT /api/tokens/:id", { scopes: ["viewer"] }],
  ])("%s, nothing is connected, and the provider is asked for nothing", async (_, line, change) => {
    for (const isReread of [false, true]) {
      const { admin, token, browser, back, tokenRequests } = await openReturning(isReread);
      await admin(line.replace(":id", token.id), change);
      const page = await browser.open(back);
      expect([page.status, tokenRequests()]).toEqual([410, 0]);
      expect(page.text).toContain("<h1>Nothing was connected</h1>");
    }
  });

  it("is as good as before, signing out here does not end what was begun with it", async () => {
    const { browser, back } = await openReturning();
    expect((await browser.submit("/sign-out")).status).toBe(200);
    expect((await browser.open(back)).text).toContain("is connected to");
  });
});

/** What counts is what is there when the tokens come, not when they were asked for. */
describe("while the provider makes out the tokens", () => {
  it.each<[what: string, change: (opened: Returning) => Promise<unknown>]>([
    ["the plugin is removed", ({ admin }) => admin("DELETE /api/plugins/drive")],
    [
      "the plugin comes to connect to another server",
      async ({ app, oauth }) => {
        oauth.urls = { issuer: "http://127.0.0.1:9" };
        await app.manager.reload("drive");
      },
    ],
    [
      "the plugin comes to connect each user's account",
      async ({ app, declared }) => {
        declared.owner = "user";
        await app.manager.reload("drive");
      },
    ],
    [
      "the token that the person came with is revoked",
      ({ admin, token }) => admin(`DELETE /api/tokens/${token.id}`),
    ],
  ])("%s: nothing is connected, and the tokens are given back", async (_what, change) => {
    const opened = await openReturning();
    const { app, oidc, admin, browser, back, entries } = opened;
    oidc.meanwhile("POST /token", () => change(opened));
    const page = await browser.open(back);
    expect([page.status, oidc.hits("POST /token")]).toEqual([410, 1]);
    expect(page.text).toContain("<h1>Nothing was connected</h1>");
    expect(oidc.hits("POST /token/revocation")).toBe(2);
    const outcomes = entries.filter(({ action }) => action === "token.connect");
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["started", "refused"]);
    expect((await admin("GET /api/auth/oauth/connections")).data).toEqual([]);
    expect(await app.vault.listReserved("drive")).not.toContainEqual(
      expect.objectContaining({ name: "$oauth.token" }),
    );
  });

  it("all that the plugin has is deleted: nothing is connected, and it is said that the tokens are good yet", async () => {
    const { app, oidc, admin, browser, back } = await openReturning();
    oidc.meanwhile("POST /token", () => admin("DELETE /api/plugins/drive?credentials=delete"));
    const page = await browser.open(back);
    expect(page.status).toBe(410);
    expect(await app.vault.listReserved("drive")).toEqual([]);
    expect(app.logs.map(({ message }) => message)).toContain(
      "Tokens that could not be kept are still good at the provider",
    );
  });
});
