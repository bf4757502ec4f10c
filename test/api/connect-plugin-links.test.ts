import { expect, it } from "vitest";
import { askedLink, callTool, createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { ADMIN_TOKEN, PUBLIC_URL } from "../helpers/test-app.ts";

it("a plugin that asks for a person with each call gives out one link, which stays good", async () => {
  const { app } = await openConnectApp();
  const browser = createBrowser(app);
  await browser.open(await browser.goTo((await askedLink(app)).link, ADMIN_TOKEN));
  const links = new Set<string>();
  for (let calls = 0; calls < 21; calls++) {
    const { result } = await callTool(app, "drive_reauth");
    links.add(result.structuredContent.url);
  }
  expect(links.size).toBe(1);
  const [link] = links;
  expect((await browser.open(link!)).status).toBe(200);
});

it("a plugin whose client grants to itself gets another token when it complains of one, and nobody is asked for", async () => {
  const oauth = { clientId: "basic", grant: "client_credentials" as const };
  const entries = { drive: { oauth } };
  const { app } = await openConnectApp({ entries });
  const digest = async () => (await callTool(app, "drive_digest")).result.structuredContent.digest;
  const refused = await digest();
  expect((await callTool(app, "drive_reauth")).result.structuredContent).toEqual({
    url: PUBLIC_URL,
  });
  expect(await digest()).not.toBe(refused);
});
