import { afterAll, beforeAll, describe, expect, it } from "vitest";
import ServiceAccountPlugin from "../../plugins/service-account/index.ts";
import type { Vault } from "../../src/index.ts";
import { createTestApp, type TestApp } from "../helpers/test-app.ts";
import { openLoopbackService, type LoopbackService } from "../helpers/loopback-service.ts";
import { noteRequests } from "./searched-calls.ts";
import { expectNone } from "./secret-search.ts";
import { accessToken, ISSUER, KEYS, TOKEN, tokenAnswer } from "./service-account-host.ts";
import { store, vaultWith } from "./stored-credentials.ts";

let app: TestApp;
let service: LoopbackService;
let vault: Vault;
const { said, call } = noteRequests(() => app);

beforeAll(async () => {
  service = await openLoopbackService();
  service.reply(TOKEN, { body: tokenAnswer(1) });
  service.reply("GET /api/v1/items", { body: [{ id: 7 }] });
  service.reply("DELETE /api/v1/items/7", (response) => response.writeHead(204).end());
  vault = await vaultWith({ crm: { private_key: KEYS.pem, issuer: ISSUER } });
  const config = {
    baseUrl: `${service.baseUrl}/api/v1`,
    tokenUrl: `${service.baseUrl}/oauth/token`,
    algorithm: "ES256",
  };
  app = await createTestApp({
    plugins: { crm: ServiceAccountPlugin, empty: ServiceAccountPlugin },
    entries: { crm: { config: { ...config, methods: ["DELETE"] } }, empty: { config } },
    deps: { vault },
  });
});

afterAll(async () => {
  await app.close();
  await service.close();
  expectNone([KEYS.pem.split("\n")[1]!, accessToken(1)], [said, app.logs, app.manager.statuses()]);
});

describe("the service account plugin on the server", () => {
  it("runs with its credentials, and waits for those that are missing", () => {
    const statuses = app.manager.statuses();
    expect(
      statuses.map(({ id, state, missing, quarantined }) => ({
        id,
        state,
        missing: missing.map(({ name }) => name),
        quarantined,
      })),
    ).toEqual([
      { id: "crm", state: "running", missing: [], quarantined: [] },
      {
        id: "empty",
        state: "needs-credentials",
        missing: ["private_key", "issuer"],
        quarantined: [],
      },
    ]);
  });

  it("reads, with an assertion that the server has signed", async () => {
    const result = await call("crm_get", { path: "/items" });
    expect(result).toMatchObject({
      content: [{ type: "text", text: '[{"id":7}]' }],
      structuredContent: { status: 200, body: [{ id: 7 }] },
    });
    const form = new URLSearchParams(service.requests[0]?.text);
    const { payload } = await KEYS.verify(form.get("assertion")!);
    expect(payload).toMatchObject({ iss: ISSUER, sub: ISSUER });
  });

  it("changes what the settings allow", async () => {
    const result = await call("crm_request", { method: "DELETE", path: "/items/7" });
    expect(result.structuredContent).toEqual({ status: 204, body: null });
    const refused = await call("crm_request", { method: "POST", path: "/items", body: {} });
    expect(refused.isError).toBe(true);
    expect(refused.content[0].text).toContain("/method");
  });

  it("says what is missing, and runs as soon as somebody stores it", async () => {
    const before = await call("empty_get", { path: "/items" });
    expect(before.isError).toBe(true);
    expect(before.content[0].text).toContain('"private_key" (The service account\'s private key');
    expect(before.content[0].text).toContain('"issuer" (Who the service account is');
    await store(vault, "empty", "private_key", KEYS.pem);
    await store(vault, "empty", "issuer", "other@accounts.example");
    const after = await call("empty_get", { path: "/items" });
    expect(after.structuredContent).toEqual({ status: 200, body: [{ id: 7 }] });
  });
});
