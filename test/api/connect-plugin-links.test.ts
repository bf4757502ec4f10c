import { expect, it } from "vitest";
import { askedLink, callTool, createBrowser, openConnectApp } from "../helpers/connect-app.ts";
import { ADMIN_TOKEN } from "../helpers/test-app.ts";

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
