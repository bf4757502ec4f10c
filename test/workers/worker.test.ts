import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { modern, modernRequest } from "../helpers/mcp.ts";
import { ADMIN_TOKEN, answerOf, clientOf, legacyRequest, ORIGIN } from "./helpers.ts";

/** The Worker that `wrangler deploy` puts online, through the runtime. */
const worker = clientOf((url, init) => exports.default.fetch(url, init));

describe("the Worker with its bundled plugins", () => {
  it("is alive and ready after its first request", async () => {
    const [alive, ready] = [await worker.request("/healthz"), await worker.request("/readyz")];
    expect([alive.status, await alive.json()]).toEqual([200, { status: "ok" }]);
    expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
  });

  it("runs both plugins", async () => {
    const response = await worker.request("/api/plugins", { key: ADMIN_TOKEN });
    expect(response.status).toBe(200);
    const { data } = (await response.json()) as { data: { id: string; state: string }[] };
    expect(data.map(({ id, state }) => [id, state])).toEqual([
      ["greeting", "running"],
      ["time", "running"],
    ]);
  });

  it("lists their tools to a 2026-07-28 client", async () => {
    const { status, body } = await modern(worker, "tools/list");
    expect(status).toBe(200);
    expect(body.result.tools).toContainEqual(expect.objectContaining({ name: "greeting_greet" }));
  });

  it("tells what it is on server/discover", async () => {
    const { status, body } = await modern(worker, "server/discover");
    expect(status).toBe(200);
    expect(body.result.supportedVersions).toContain("2026-07-28");
    expect(body.result.capabilities.tools).toBeDefined();
  });

  it("calls a tool for a 2026-07-28 client", async () => {
    const call = { name: "greeting_greet", arguments: { name: "Ada" } };
    const { status, body } = await modern(worker, "tools/call", call);
    expect(status).toBe(200);
    expect(body.result.content).toEqual([{ type: "text", text: "Hello, Ada!" }]);
  });

  it("calls a tool of the other plugin, which brings Temporal with it", async () => {
    const { status, body } = await modern(worker, "tools/call", {
      name: "time_convert",
      arguments: { dateTime: "2026-07-01T12:00", from: "Europe/Berlin", to: "Asia/Tokyo" },
    });
    expect(status).toBe(200);
    expect(body.result.structuredContent.to).toMatchObject({
      timeZone: "Asia/Tokyo",
      dateTime: "2026-07-01T19:00:00+09:00",
    });
  });

  it("calls a tool on the long way, too, which goes through the SDK", async () => {
    const call = { name: "greeting_greet", arguments: { name: "Ada" } };
    const meta = { "io.modelcontextprotocol/logLevel": "error" };
    const response = await worker.request("/mcp", modernRequest("tools/call", call, { meta }));
    expect(response.status).toBe(200);
    const { result } = (await response.json()) as { result: { content: unknown } };
    expect(result.content).toEqual([{ type: "text", text: "Hello, Ada!" }]);
  });

  it("serves a 2025-11-25 client without a session", async () => {
    const opened = await worker.request(
      "/mcp",
      legacyRequest("initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "test-client", version: "1.0.0" },
      }),
    );
    expect(opened.status).toBe(200);
    expect(opened.headers.get("mcp-session-id")).toBeNull();
    expect((await answerOf(opened)).result.protocolVersion).toBe("2025-11-25");

    const listed = await answerOf(await worker.request("/mcp", legacyRequest("tools/list")));
    expect(listed.result.tools).toContainEqual(expect.objectContaining({ name: "greeting_greet" }));

    const call = { name: "greeting_greet", arguments: { name: "Ada" } };
    const called = await answerOf(await worker.request("/mcp", legacyRequest("tools/call", call)));
    expect(called.result.content).toEqual([{ type: "text", text: "Hello, Ada!" }]);
  });
});

describe("who may use the Worker", () => {
  it.each([
    { name: "no key", key: null, headers: {}, status: 401, code: "UNAUTHENTICATED" },
    { name: "a wrong key", key: "mcpk_wrong", headers: {}, status: 401, code: "UNAUTHENTICATED" },
    { name: "the admin's token", key: ADMIN_TOKEN, headers: {}, status: 403, code: "FORBIDDEN" },
    {
      name: "another host name",
      headers: { host: "evil.example" },
      status: 403,
      code: "HOST_REFUSED",
    },
    {
      name: "a page of another origin",
      headers: { origin: "https://evil.example" },
      status: 403,
      code: "ORIGIN_REFUSED",
    },
  ])("refuses $name with $status", async ({ headers, status, code, ...options }) => {
    const response = await worker.request("/mcp", {
      ...modernRequest("tools/list", {}, { headers }),
      ...options,
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it("says to a caller without a key how to send one", async () => {
    const response = await worker.request("/mcp", { ...modernRequest("tools/list"), key: null });
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="mcp-plugin-server"');
  });

  it("answers pages of its own origin", async () => {
    const response = await worker.request(
      "/mcp",
      modernRequest("tools/list", {}, { headers: { origin: ORIGIN } }),
    );
    expect(response.status).toBe(200);
  });

  it("takes the host from the URL of a request that another Worker sends to it", async () => {
    const response = await exports.default.fetch("https://evil.example/healthz");
    expect(await response.json()).toMatchObject({ code: "HOST_REFUSED" });
  });
});
