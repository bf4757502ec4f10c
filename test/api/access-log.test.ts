import { describe, expect, it } from "vitest";
import { modern, modernRequest } from "../helpers/mcp.ts";
import { createPlugin } from "../helpers/manager.ts";
import { askForSocket, authorized } from "../helpers/socket-request.ts";
import { openSse } from "../helpers/sse-client.ts";
import { ADMIN_TOKEN, createTestApp, type TestApp } from "../helpers/test-app.ts";

const CANARY = "canary-8c1f-of-the-access-log";

function answered({ logs }: Pick<TestApp, "logs">) {
  return logs.filter(({ message }) => message === "Request answered");
}

const open = () => createTestApp({ plugins: { demo: createPlugin("demo") } });

describe("the access log", () => {
  it("has a line for each request: who, what, how it went and how long it took", async () => {
    const app = await open();
    await modern(app, "tools/call", { name: "demo_echo" });
    await app.request("/api/plugins", { key: ADMIN_TOKEN });
    const line = (level: string, fields: object) => ({
      level,
      message: "Request answered",
      fields,
    });
    const known = { requestId: expect.any(String), ms: expect.any(Number), status: 200 };
    const from = { address: null };
    expect(answered(app)).toEqual([
      line("debug", {
        ...known,
        ...from,
        method: "POST",
        route: "/mcp",
        principal: "client:client-1",
      }),
      line("info", {
        ...known,
        ...from,
        method: "GET",
        route: "/api/plugins",
        principal: "user:admin-1",
      }),
    ]);
  });

  it("says from where, as far as that is counted", async () => {
    const app = await open();
    for (const address of ["192.0.2.7", "2001:db8:1:2:3:4:5:6"]) {
      await app.fetch(new Request("http://localhost:3000/healthz"), { address });
    }
    expect(answered(app).map(({ fields }) => fields["address"])).toEqual([
      "192.0.2.7",
      "2001:db8:1:2::/64",
    ]);
  });

  it("names the route and not the path, and nobody who was not believed", async () => {
    const app = await open();
    await app.request("/api/plugins/demo", { key: ADMIN_TOKEN });
    await app.request("/nothing/here", { key: null });
    await app.request("/mcp", { ...modernRequest("tools/list"), key: "mcpk_wrong" });
    await app.request("/api/plugins");
    expect(
      answered(app).map(({ fields: { route, status, principal } }) => [route, status, principal]),
    ).toEqual([
      ["/api/plugins/:id", 200, "user:admin-1"],
      ["*", 404, null],
      ["/mcp", 401, null],
      ["/api/plugins", 403, "client:client-1"],
    ]);
  });

  it("is quiet about what is asked every few seconds, and about calls that go well", async () => {
    const app = await open();
    await app.request("/healthz", { key: null });
    await app.request("/readyz", { key: null });
    await modern(app, "tools/list");
    await app.request("/mcp", { ...modernRequest("tools/list"), key: null });
    expect(answered(app).map(({ level, fields }) => [level, fields["route"]])).toEqual([
      ["debug", "/healthz"],
      ["debug", "/readyz"],
      ["debug", "/mcp"],
      ["info", "/mcp"],
    ]);
  });

  it("is as quiet about HTTP+SSE: its stream and each message that is taken", async () => {
    const app = await open();
    const client = await openSse(app);
    await client.post({ jsonrpc: "2.0", id: 1, method: "ping" });
    await client.post("{");
    await client.close();
    expect(
      answered(app).map(({ level, fields: { method, route, status } }) => [
        level,
        `${String(method)} ${String(route)}`,
        status,
      ]),
    ).toEqual([
      ["debug", "GET /sse", 200],
      ["debug", "POST /messages", 202],
      ["info", "POST /messages", 400],
    ]);
  });

  it("has nothing of what was sent", async () => {
    const app = await open();
    const headers = { "x-any": CANARY, "user-agent": CANARY, cookie: `a=${CANARY}` };
    await app.request(`/${CANARY}?q=${CANARY}`, { headers, key: CANARY });
    await app.request(`/api/plugins/${CANARY}`, { headers, key: ADMIN_TOKEN });
    await modern(app, "tools/call", { name: "demo_echo", arguments: { text: CANARY } });
    await app.request("/api/clients", {
      method: "POST",
      key: ADMIN_TOKEN,
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ name: CANARY, [CANARY]: 1 }),
    });
    expect(answered(app)).toHaveLength(4);
    expect(JSON.stringify(answered(app))).not.toContain(CANARY);
  });

  it("has sockets, too, opened and refused", async () => {
    const app = await open();
    await askForSocket(app, authorized());
    await askForSocket(app, { headers: { authorization: `Bearer ${CANARY}` } });
    await askForSocket(app, { target: `/${CANARY}`, headers: {} });
    const told = answered(app).map(({ fields: { method, route, status, principal } }) => [
      method,
      route,
      status,
      principal,
    ]);
    expect(told).toEqual([
      ["GET", "/mcp", 101, "client:client-1"],
      ["GET", "/mcp", 401, null],
      ["GET", "*", 404, null],
    ]);
    expect(JSON.stringify(answered(app))).not.toContain(CANARY);
  });
});
