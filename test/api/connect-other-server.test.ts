import { describe, expect, it } from "vitest";
import { askedLink, callTool, createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { startLoopbackServer } from "../helpers/loopback-server.ts";
import { ADMIN_TOKEN, CLIENT_KEY } from "../helpers/test-app.ts";

const GOOD = { access_token: "another-token", token_type: "Bearer", expires_in: 3_600 };

type Opened = Awaited<ReturnType<typeof openConnectApp>>;

/** A plugin that names its endpoints one by one, and so can name others. */
async function openNamed(options: Parameters<typeof openConnectApp>[0] = {}) {
  const opened = await openConnectApp(options);
  const other = await startLoopbackServer({ "POST /token": { body: GOOD } });
  const { issuer } = opened.oidc;
  const name = async (token: string) => {
    opened.oauth.urls = { authorization: `${issuer}/auth`, token } as never;
    await opened.app.manager.reload("drive");
  };
  await name(`${issuer}/token`);
  return { ...opened, other, name };
}

async function storeSecret({ app }: Pick<Opened, "app">, value: string): Promise<void> {
  const stored = await app.request("/api/auth/oauth/client-secret/drive", {
    key: ADMIN_TOKEN,
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ value }),
  });
  expect(stored.status).toBe(204);
}

const own = { drive: { oauth: { clientId: "basic", grant: "client_credentials" as const } } };

describe("a plugin that names another server", () => {
  it("does not get it the secret of the one before, until that is stored again", async () => {
    const opened = await openNamed({ entries: own });
    const { app, other, name } = opened;
    await storeSecret(opened, "secret-of-the-first");
    await name(`${other.origin}/token`);
    const refused = await callTool(app, "drive_token");
    expect(refused.result.isError).toBe(true);
    expect(app.logs.map(({ fields }) => fields["reason"])).toContainEqual(
      expect.stringMatching(/stored for another server .* `mcp-plugin-server oauth secret drive`/),
    );
    expect(other.requests).toEqual([]);
    await storeSecret(opened, "secret-of-the-second");
    await name(`${other.origin}/token`);
    // At once, and not when the next attempt is due.
    const path = "/api/auth/oauth/refresh/drive";
    const renewed = await app.request(path, { key: ADMIN_TOKEN, method: "POST" });
    expect(renewed.status).toBe(200);
    const { result } = await callTool(app, "drive_token");
    expect(result.structuredContent).toEqual({ length: GOOD.access_token.length });
    const basic = `Basic ${btoa("basic:secret-of-the-second")}`;
    expect(other.requests.map(({ headers }) => headers["authorization"])).toEqual([basic]);
  });

  it("while a person is at the first gets it neither their code nor anything else", async () => {
    const { app, oidc, other, name } = await openNamed();
    const browser = createBrowser(app);
    const { link } = await askedLink(app);
    const back = await browser.goTo(link, ADMIN_TOKEN);
    await name(`${other.origin}/token`);
    const page = await browser.open(back);
    expect(page.status).toBe(410);
    expect(page.text).toContain("another one by now");
    expect([oidc.hits("POST /token"), other.requests]).toEqual([0, []]);
  });
});

describe("a plugin whose accounts become", () => {
  it.each(["shared", "user"] as const)(
    "others' than %s, while a person is at the provider, is connected to none",
    async (owner) => {
      const { app, declared, tokenRequests } = await openConnectApp({ owner });
      const secret = owner === "user" ? CLIENT_KEY : ADMIN_TOKEN;
      const browser = createBrowser(app);
      const { link } = await askedLink(app);
      const back = await browser.goTo(link, secret);
      declared.owner = owner === "user" ? "shared" : "user";
      await app.manager.reload("drive");
      expect([(await browser.open(back)).status, tokenRequests()]).toEqual([410, 0]);
      expect((await browser.open(link)).status).toBe(410);
      expect((await browser.submit(link, { secret })).goOn).toBeNull();
    },
  );
});
