import { describe, expect, it } from "vitest";
import ServiceAccountPlugin from "../../plugins/service-account/index.ts";
import { AppError } from "../../src/errors.ts";
import type { CallContext, PluginContext } from "../../src/plugins/index.ts";
import { BROKEN, SLOW, type Reply } from "../helpers/loopback-service.ts";
import { ISSUER, KEYS, serviceAccount, TOKEN, tokenAnswer } from "./service-account-host.ts";

const ITEMS = "GET /api/v1/items";
const ASK = { path: "/items" };
const TOKEN_ANSWER: Reply = { body: tokenAnswer(1) };

describe("a token endpoint that gives none", () => {
  it.each([
    {
      name: "says why",
      body: { error: "invalid_grant", error_description: "Invalid JWT Signature." },
      said: " (invalid_grant: Invalid JWT Signature)",
    },
    { name: "says half of it", body: { error: "invalid_grant" }, said: " (invalid_grant)" },
    { name: "says nothing", body: {}, said: "" },
    { name: "speaks no JSON", body: "<h1>Bad request</h1>", said: "" },
    {
      name: "says it without end",
      body: { error: "x".repeat(2_000) },
      said: ` (${"x".repeat(500)}…)`,
    },
    { name: "says no texts", body: { error: { a: 1 }, error_description: 7 }, said: "" },
  ])("is explained when it $name", async ({ body, said }) => {
    const { call, service, host } = await serviceAccount();
    service.reply(TOKEN, { status: 400, body });
    const at = new URL(service.baseUrl).host;
    await expect(call("get", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `${at} gave no access token: status 400${said}. Ask the server's administrator to look at the credentials private_key, issuer and key_id, the settings audience, scope and subject, and the server's clock.`,
    });
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog).toMatchObject([
      {
        level: "warn",
        message: "Getting an access token failed",
        fields: { host: at, reason: "status 400" },
      },
    ]);
  });

  it("repeats the assertion in vain", async () => {
    const { call, service } = await serviceAccount();
    service.reply(TOKEN, (response, { text }) => {
      const assertion = new URLSearchParams(text).get("assertion");
      response.writeHead(400).end(JSON.stringify({ error: `bad ${assertion}` }));
    });
    await expect(call("get", ASK)).rejects.toThrow("status 400 (bad [hidden])");
  });

  it.each([
    { body: "<html>", reason: "not a JSON object" },
    { body: "[", reason: "not a JSON object" },
    { body: "null", reason: "not a JSON object" },
    { body: {}, reason: "access_token is not a token" },
    { body: { access_token: "" }, reason: "access_token is not a token" },
    { body: { access_token: "a\r\nb: c" }, reason: "access_token is not a token" },
    { body: tokenAnswer(1, { token_type: "MAC" }), reason: "token_type is not Bearer" },
    { body: tokenAnswer(1, { expires_in: 0 }), reason: "expires_in is not a time" },
    { body: tokenAnswer(1, { expires_in: "soon" }), reason: "expires_in is not a time" },
  ])("answers what nobody can use: $body", async ({ body, reason }) => {
    const { call, service, host } = await serviceAccount();
    service.reply(TOKEN, { body });
    await expect(call("get", ASK)).rejects.toThrow("answered something that cannot be used");
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual([reason]);
    expect(service.requests).toHaveLength(1);
  });

  it("sends elsewhere, where nobody goes", async () => {
    const { call, service, host } = await serviceAccount();
    service.reply(TOKEN, { status: 307, headers: { location: "/elsewhere" }, body: "" });
    service.reply("POST /elsewhere", TOKEN_ANSWER);
    await expect(call("get", ASK)).rejects.toThrow("answered something that cannot be used");
    expect(service.requests).toHaveLength(1);
    expect(host.serverLog.map(({ fields }) => fields["reason"])).toEqual(["a redirect"]);
  });

  it.each([...BROKEN, { name: "is busy", reply: { status: 503, body: {} } }])(
    "is asked again when it $name",
    async ({ reply: broken }) => {
      const { call, service } = await serviceAccount();
      service.reply(TOKEN, broken, TOKEN_ANSWER);
      service.reply(ITEMS, { body: [] });
      expect((await call("get", ASK)).structuredContent.status).toBe(200);
    },
  );

  it("is asked three times and no more", async () => {
    const { call, service } = await serviceAccount();
    service.reply(TOKEN, { status: 503, body: {} });
    await expect(call("get", ASK)).rejects.toThrow(
      "is not available: it answers with status 503. Try again later.",
    );
    expect(service.requests).toHaveLength(3);
  });

  it.each(SLOW)("takes too long $name", async ({ reply: slow }) => {
    const { call, service } = await serviceAccount({ config: { timeoutMs: 150 } });
    service.reply(TOKEN, slow);
    await expect(call("get", ASK)).rejects.toThrow(
      "is not available: it did not answer in 150 ms. Try again later.",
    );
  });
});

describe("a credential that is missing or wrong", () => {
  it.each([
    { missing: "issuer", credentials: { private_key: KEYS.pem } },
    { missing: "private_key", credentials: { issuer: ISSUER } },
  ])("$missing: says what to do", async ({ missing, credentials }) => {
    const { call, service } = await serviceAccount({ credentials });
    await expect(call("get", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `"crm" does not know its service account yet. Ask the server's administrator to store the credential "${missing}" of "crm".`,
    });
    expect(service.requests).toEqual([]);
  });

  it.each([
    { name: "a key for another algorithm", key: KEYS.pem, algorithm: "RS256" },
    { name: "no key at all", key: "hunter2hunter2", algorithm: "ES256" },
  ])("$name: says so and does not repeat it", async ({ key, algorithm }) => {
    const { call, service, host } = await serviceAccount({
      config: { algorithm },
      credentials: { private_key: key, issuer: ISSUER },
    });
    await expect(call("get", ASK)).rejects.toMatchObject({
      name: "ToolError",
      message: `The credential "private_key" of "crm" cannot sign by ${algorithm}. Ask the server's administrator to look at it, and at the setting algorithm.`,
    });
    expect(service.requests).toEqual([]);
    expect(host.serverLog).toHaveLength(1);
    expect(JSON.stringify(host.serverLog)).not.toContain("hunter2");
  });

  it("is not what is wrong when the vault does not answer", async () => {
    const plugin = new ServiceAccountPlugin();
    await plugin.initialize({
      pluginId: "crm",
      config: {
        baseUrl: "http://127.0.0.1:9",
        tokenUrl: "http://127.0.0.1:9",
        methods: [],
        timeoutMs: 1_000,
      },
      getCredential: async () => ISSUER,
      async signJwt() {
        throw new AppError("VAULT_UNAVAILABLE", "The vault is down.");
      },
    } as Partial<PluginContext> as PluginContext);
    const call = { signal: new AbortController().signal } as CallContext;
    await expect(plugin.executeTool("get", ASK, call)).rejects.toMatchObject({
      code: "VAULT_UNAVAILABLE",
    });
    await plugin.cleanup();
  });
});
