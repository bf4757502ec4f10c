import { describe, expect, it, vi } from "vitest";
import { createAjvEngine } from "../../adapters/node/json-schema.ts";
import ServiceAccountPlugin from "../../plugins/service-account/index.ts";
import { accessToken, serviceAccount } from "./service-account-host.ts";

const ALL = { config: { methods: ["POST", "PUT", "PATCH", "DELETE"] } };

describe("get", () => {
  it("answers the API's JSON", async () => {
    const { call, service } = await serviceAccount();
    service.reply("GET /api/v1/items/7", { body: { id: 7, tags: ["a"] } });
    expect(await call("get", { path: "/items/7" })).toEqual({
      content: [{ type: "text", text: '{"id":7,"tags":["a"]}' }],
      structuredContent: { status: 200, body: { id: 7, tags: ["a"] } },
    });
    expect(service.requests[1]?.headers).toMatchObject({
      authorization: `Bearer ${accessToken(1)}`,
      accept: "application/json",
    });
  });

  it.each([
    { type: "application/json; charset=utf-8", body: "[1]", read: [1] },
    { type: "application/problem+json", body: "[1]", read: [1] },
    { type: "Application/JSON", body: "null", read: null },
    { type: "", body: "[1]", read: [1] },
    { type: "text/plain", body: "[1]", read: "[1]" },
    { type: "text/csv; header=present", body: "a,b\n1,2", read: "a,b\n1,2" },
    { type: "application/atom+xml", body: "<a/>", read: "<a/>" },
    { type: "image/png", body: " ", read: null },
  ])("reads $body as $type", async ({ type, body, read }) => {
    const { call, service } = await serviceAccount();
    service.reply("GET /api/v1/x", (response) => {
      if (type !== "") response.setHeader("content-type", type);
      response.end(body);
    });
    expect((await call("get", { path: "x" })).structuredContent).toEqual({
      status: 200,
      body: read,
    });
  });

  it("says in words that there is nothing", async () => {
    const { call, service } = await serviceAccount();
    service.reply("GET /api/v1/x", (response) => response.writeHead(204).end());
    expect(await call("get", { path: "x" })).toEqual({
      content: [{ type: "text", text: "Done, with status 204." }],
      structuredContent: { status: 204, body: null },
    });
  });

  it("sends parameters, and lists as several of one name", async () => {
    const { call, service } = await serviceAccount();
    service.reply("GET /api/v1/items", { body: [] });
    const query = { q: "a&b=c #d", page: 2, open: true, tag: ["x", "y"], none: [] };
    await call("get", { path: "/items", query });
    expect([...(service.requests[1]?.url.searchParams ?? [])]).toEqual([
      ["q", "a&b=c #d"],
      ["page", "2"],
      ["open", "true"],
      ["tag", "x"],
      ["tag", "y"],
    ]);
  });
});

describe("a path", () => {
  it.each([
    { path: "/items", asked: "/api/v1/items" },
    { path: "items", asked: "/api/v1/items" },
    { path: "items/", asked: "/api/v1/items/" },
    { path: "/", asked: "/api/v1/" },
    { path: "/items//7", asked: "/api/v1/items//7" },
    { path: "/items/a%2Fb", asked: "/api/v1/items/a%2Fb" },
    { path: "/items/100%", asked: "/api/v1/items/100%" },
    { path: "/items/a.b..c/...", asked: "/api/v1/items/a.b..c/..." },
    { path: "/naïve/ü", asked: "/api/v1/na%C3%AFve/%C3%BC" },
    { path: "/files/a:b@c;v=1", asked: "/api/v1/files/a:b@c;v=1" },
    { path: "http://example.org/", asked: "/api/v1/http://example.org/" },
  ])("may be $path", async ({ path, asked }) => {
    const { call, service } = await serviceAccount();
    service.reply(`GET ${asked}`, { body: true });
    await call("get", { path });
    expect(service.requests[1]?.url.pathname).toBe(asked);
  });

  it.each([
    "..",
    "/../admin",
    "/items/../../admin",
    "/items/..",
    "/items/./7",
    "/%2e%2e/admin",
    "/%2E./admin",
    "/items/.%2e/%2e%2e/admin",
    "/%252e%252e/admin",
    "/%25252e%25252e%25252fadmin",
    "/items/..%2f..%2fadmin",
    "/items%2f..%2fadmin",
    "/..%5cadmin",
    "/items\\..\\admin",
    "\\\\example.org\\x",
    "//example.org/x",
    "///example.org/x",
    "/%2fexample.org/x",
    "/..;/admin",
    "/items/..;a=b/admin",
    "/it\tems",
    "/.\n./admin",
    "/items%0d%0aHost:x",
    "/items%00",
    `/${"%25".repeat(1)}${"25".repeat(10)}2e`,
  ])("may not lead out: %j", async (path) => {
    const { call, service } = await serviceAccount();
    await expect(call("get", { path })).rejects.toMatchObject({
      name: "ToolError",
      message: String.raw`The path must stay below the API: no . or .. in it, no \, no address.`,
    });
    expect(service.requests).toEqual([]);
  });

  it.each(["/items?a=b", "?a=b", "/items#a"])("has no query of its own: %s", async (path) => {
    const { call, service } = await serviceAccount();
    await expect(call("get", { path })).rejects.toThrow("What comes after them goes into query.");
    expect(service.requests).toEqual([]);
  });
});

describe("request", () => {
  it.each([
    { method: "POST", body: { a: [1, null] }, sent: '{"a":[1,null]}' },
    { method: "PUT", body: "text", sent: '"text"' },
    { method: "PATCH", body: null, sent: "null" },
  ])("sends JSON by $method", async ({ method, body, sent }) => {
    const { call, service } = await serviceAccount(ALL);
    service.reply(`${method} /api/v1/items`, { status: 201, body: { id: 8 } });
    const answer = await call("request", { method, path: "/items", query: { dry: true }, body });
    expect(answer.structuredContent).toEqual({ status: 201, body: { id: 8 } });
    expect(service.requests[1]).toMatchObject({ method, text: sent });
    expect(service.requests[1]?.headers["content-type"]).toBe("application/json");
    expect(service.requests[1]?.url.search).toBe("?dry=true");
  });

  it.each(["POST", "DELETE"])("may go without a body: %s", async (method) => {
    const { call, service } = await serviceAccount(ALL);
    service.reply(`${method} /api/v1/items/7`, (response) => response.writeHead(204).end());
    const answer = await call("request", { method, path: "/items/7" });
    expect(answer.structuredContent).toEqual({ status: 204, body: null });
    expect(service.requests[1]?.text).toBe("");
    expect(service.requests[1]?.headers).not.toHaveProperty("content-type");
  });

  it("has no body for DELETE", async () => {
    const { call, service } = await serviceAccount(ALL);
    const args = { method: "DELETE", path: "/items/7", body: {} };
    await expect(call("request", args)).rejects.toThrow("DELETE takes no body.");
    expect(service.requests).toEqual([]);
  });

  it("stays below the API like get", async () => {
    const { call, service } = await serviceAccount(ALL);
    const args = { method: "DELETE", path: "/../admin" };
    await expect(call("request", args)).rejects.toThrow("must stay below the API");
    expect(service.requests).toEqual([]);
  });

  it("is there only when the settings allow something, and takes no more than that", async () => {
    const reader = await serviceAccount();
    expect((await reader.host.catalog()).tools.map(({ name }) => name)).toEqual(["get"]);
    await expect(reader.call("request", { method: "POST", path: "/x" })).rejects.toThrow(
      "Unknown tool: request",
    );
    const writer = await serviceAccount({ config: { methods: ["POST"] } });
    const { tools } = await writer.host.catalog();
    expect(tools.map(({ name, annotations }) => ({ name, annotations }))).toEqual([
      { name: "get", annotations: { readOnlyHint: true, openWorldHint: true } },
      {
        name: "request",
        annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
      },
    ]);
    for (const method of ["DELETE", "GET", "post", "TRACE"]) {
      await expect(writer.call("request", { method, path: "/x" })).rejects.toThrow(
        "Invalid arguments: /method",
      );
    }
  });
});

describe("the settings", () => {
  const check = createAjvEngine().compile(new ServiceAccountPlugin().configSchema);
  const NEEDED = {
    baseUrl: "https://api.example.com/v1",
    tokenUrl: "https://accounts.example.com/token",
  };

  it.each([
    {},
    { baseUrl: "http://localhost:8080" },
    { audience: "a", scope: "a b", subject: "c", algorithm: "EdDSA" },
    { methods: ["POST", "DELETE"], timeoutMs: 55_000 },
  ])("may be %j", (settings) => {
    expect(check({ ...NEEDED, ...settings })).toBeNull();
  });

  it.each([
    { place: "", settings: { baseUrl: undefined } },
    { place: "", settings: { tokenUrl: undefined } },
    { place: "", settings: { privateKey: "x" } },
    { place: "/algorithm", settings: { algorithm: "none" } },
    { place: "/algorithm", settings: { algorithm: "HS256" } },
    { place: "/methods/0", settings: { methods: ["GET"] } },
    { place: "/methods", settings: { methods: ["PUT", "PUT"] } },
    { place: "/timeoutMs", settings: { timeoutMs: 55_001 } },
    ...[
      "http://api.example.com",
      "https://user:password@example.org",
      "http://127.0.0.1@example.org",
      "https://example.org/?a=b",
      "ftp://example.org",
    ].flatMap((address) => [
      { place: "/baseUrl", settings: { baseUrl: address } },
      { place: "/tokenUrl", settings: { tokenUrl: address } },
    ]),
  ])("are refused: %j", ({ place, settings }) => {
    const given = JSON.parse(JSON.stringify({ ...NEEDED, ...settings })) as unknown;
    expect(check(given)?.pointer).toBe(place);
  });

  it.each(["baseUrl", "tokenUrl"])(
    "with a port that cannot be in %s do not start",
    async (name) => {
      const config = { [name]: "https://example.org:99999" };
      await expect(serviceAccount({ config })).rejects.toThrow("Invalid URL");
    },
  );
});

describe("the credentials", () => {
  const { fields } = new ServiceAccountPlugin().auth;
  const validation = (name: string) => fields[name]?.validation as RegExp;

  it("are a private key, whose it is, and what it is called", () => {
    expect(fields).toMatchObject({
      private_key: { type: "password", required: true },
      issuer: { type: "string", required: true },
      key_id: { type: "string", required: false },
    });
    expect("\n-----BEGIN PRIVATE KEY-----\nMC4C").toMatch(validation("private_key"));
    expect("-----BEGIN RSA PRIVATE KEY-----\nMC4C").not.toMatch(validation("private_key"));
    expect("robot@accounts.example").toMatch(validation("issuer"));
    expect("two words").not.toMatch(validation("issuer"));
  });
});

describe("the plugin's life", () => {
  it("has tools before it, and no answer outside of it", async () => {
    const plugin = new ServiceAccountPlugin();
    expect(plugin.getTools().map(({ name }) => name)).toEqual(["get"]);
    const call = { signal: new AbortController().signal };
    await expect(plugin.executeTool("get", { path: "/" }, call as never)).rejects.toThrow(
      "The plugin is not initialized.",
    );
    await plugin.cleanup();
  });

  it("ends what is under way with it", async () => {
    const { call, service, host } = await serviceAccount();
    const closed = vi.fn<() => void>();
    const arrived = new Promise<void>((resolve) => {
      service.reply("GET /api/v1/x", (response) => {
        response.on("close", closed);
        resolve();
      });
    });
    const ended = call("get", { path: "x" }).catch((error: unknown) => error);
    await arrived;
    await host.close();
    expect(await ended).toMatchObject({ message: expect.stringContaining("has been stopped") });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  });
});
