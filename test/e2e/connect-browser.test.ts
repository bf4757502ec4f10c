import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { chromium, type Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { askForLink, makeOAuthFolder, storeSecret } from "../helpers/oauth-folder.ts";
import { startOidcServer } from "../helpers/oidc-server.ts";
import { freePort } from "../helpers/free-port.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function openPage(): Promise<Page> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  onTestFinished(() => browser.close());
  // The pages work without scripts, so they get none.
  const context = await browser.newContext({ javaScriptEnabled: false });
  return context.newPage();
}

/** A server at an address that the browser can open, and the authorization server that knows it. */
async function openServer() {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const oidc = await startOidcServer({ redirectUris: [`${url}/oauth/callback/drive`] });
  const folder = makeOAuthFolder(oidc.issuer);
  await startNodeServer({ ...folder.env, PORT: `${port}`, PUBLIC_URL: url });
  await storeSecret(url, folder);
  return { url, folder, oidc };
}

async function openClient(url: string, clientKey: string, open: (link: string) => Promise<void>) {
  const client = new Client(
    { name: "e2e", version: "1.0.0" },
    {
      capabilities: { elicitation: { form: {}, url: {} } },
      versionNegotiation: { mode: { pin: "2026-07-28" } },
    },
  );
  client.setRequestHandler("elicitation/create", async ({ params }) => {
    await open((params as { url: string }).url);
    return { action: "accept" };
  });
  const requestInit = { headers: { authorization: `Bearer ${clientKey}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  onTestFinished(() => client.close());
  return client;
}

/** Another site, with a page of its own. */
async function openSite(content: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html>${content}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe.skipIf(!existsSync(CHROMIUM))("in Chromium, without scripts, a person", () => {
  it("goes from the link of a tool call over the provider to the repeated call", async () => {
    const { url, folder, oidc } = await openServer();
    const page = await openPage();
    const seen: string[] = [];
    const client = await openClient(url, folder.clientKey, async (link) => {
      await page.goto(link);
      seen.push(await page.innerText("h1"));
      await page.fill('input[name="secret"]', folder.adminToken);
      await page.click("button");
      // By the page's own way, not by a redirect.
      await page.waitForURL("**/interaction/**");
      // It asks who it is, and then whether they agree.
      while (page.url().includes("/interaction/")) {
        await Promise.all([page.waitForNavigation(), page.click("text=Allow")]);
      }
      await page.waitForURL("**/oauth/callback/drive**");
      seen.push(await page.innerText("h1"));
    });
    const result = await client.callTool({ name: "drive_digest", arguments: {} });
    expect(result.isError).not.toBe(true);
    const { host } = new URL(oidc.issuer);
    expect(seen).toEqual([`Connect ${host} to “drive”`, `${host} is connected to “drive”`]);

    // The browser is signed in now, so a second link asks for nothing but the click.
    const authUrl = await askForLink(url, folder);
    await page.goto(authUrl);
    expect(await page.locator('input[name="secret"]').count()).toBe(0);
    expect(await page.locator("button").allInnerTexts()).toEqual([
      `Continue to ${host}`,
      "Sign out",
    ]);
  });

  it("sees a page that the policy lets it see, and that another site cannot frame or send", async () => {
    const { url, folder, oidc } = await openServer();
    const page = await openPage();
    const refused: string[] = [];
    page.on("console", (message) => refused.push(message.text()));
    const authUrl = await askForLink(url, folder);
    await page.goto(authUrl);
    const color = await page.evaluate(
      'getComputedStyle(document.querySelector("button")).backgroundColor',
    );
    expect(color).toBe("rgb(11, 87, 208)");
    expect(refused.filter((text) => text.includes("Content Security Policy"))).toEqual([]);

    const frame = `<iframe src="${authUrl}"></iframe>`;
    const form = `<form method="post" action="${authUrl}"><input name="secret" value="${folder.adminToken}"><button>Win</button></form>`;
    await page.goto(await openSite(frame + form));
    const [, framed] = page.frames();
    expect(await framed!.locator("button").count()).toBe(0);
    await page.click("text=Win");
    await page.waitForLoadState();
    expect(await page.innerText("body")).toContain(
      "This server does not answer pages of that origin.",
    );
    expect(oidc.hits("GET /auth")).toBe(0);
  });
});
