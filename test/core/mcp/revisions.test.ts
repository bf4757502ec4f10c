import { describe, expect, it } from "vitest";
import { modern, modernRequest, REVISION, type ModernOptions } from "../../helpers/mcp.ts";
import { testPlugin } from "../../helpers/plugins.ts";
import { openSession } from "../../helpers/session.ts";
import { OTHER_CLIENT_KEY, type TestRequest } from "../../helpers/test-app.ts";
import { WAYS } from "../../helpers/ways.ts";

const plugins = {
  demo: testPlugin({
    tools: { hello: () => "Hello." },
    getResources: () => [{ uri: "demo://text", name: "text", text: "inline" }],
    getPrompts: () => [{ name: "greet" }],
    getPrompt: async () => "Hello.",
  }),
};

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};
const SERVER_INFO = { name: "test-server", version: "1.0.0" };
const STAMP = { "io.modelcontextprotocol/serverInfo": SERVER_INFO };

const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";

describe.each(WAYS)("2026-07-28, $way", ({ open }) => {
  it.each(["GET", "DELETE", "PUT", "PATCH", "OPTIONS"])(
    "row 1: answers %s with 405, whatever session it names",
    async (method) => {
      const app = await open({ plugins });
      const session = await openSession(app);
      for (const sessionId of [session.id!, "no-such-session", null]) {
        const response = await app.request("/mcp", {
          method,
          headers: {
            accept: "application/json, text/event-stream",
            "mcp-protocol-version": REVISION,
            ...(sessionId !== null && { "mcp-session-id": sessionId }),
            "last-event-id": "1",
          },
        });
        expect([sessionId, response.status]).toEqual([sessionId, 405]);
        expect(response.headers.get("allow")).toBe("POST");
        expect(await response.json()).toEqual({
          jsonrpc: "2.0",
          error: { code: -32000, message: "Method not allowed." },
          id: null,
        });
      }
    },
  );

  it.each(["tools/call", "tools/list"])(
    "row 1: %s ignores Mcp-Session-Id and Last-Event-ID and gives out no session",
    async (method) => {
      const app = await open({ plugins });
      const headers = { "mcp-session-id": "no-such-session", "last-event-id": "1" };
      const response = await app.request(
        "/mcp",
        modernRequest(method, { name: "demo_hello" }, { headers }),
      );
      expect(response.status).toBe(200);
      expect(response.headers.get("mcp-session-id")).toBeNull();
    },
  );

  it("row 4: refuses a request whose version header is not the body's, or is missing", async () => {
    const app = await open({ plugins });
    for (const version of ["2025-11-25", "2026-07-29", `${REVISION}x`, null]) {
      const init = withHeader(helloRequest(), "mcp-protocol-version", version);
      expect(await errorOf(app, init)).toEqual([400, -32020, 1]);
    }
  });

  it.each<[what: string, name: string, value: string | null]>([
    ["another method", "mcp-method", "tools/list"],
    ["the method in another case", "mcp-method", "Tools/Call"],
    ["no method", "mcp-method", null],
    ["another name", "mcp-name", "demo_other"],
    ["the name in another case", "mcp-name", "DEMO_HELLO"],
    ["no name", "mcp-name", null],
    ["a name in broken base64", "mcp-name", "=?base64?%%%?="],
    ["another name in base64", "mcp-name", `=?base64?${btoa("demo_other")}?=`],
  ])(
    "row 5: refuses a call with %s in its headers, and does not run the tool",
    async (_, name, value) => {
      let runs = 0;
      const app = await open({ plugins: { demo: testPlugin({ tools: { hello: () => ++runs } }) } });
      const init = withHeader(helloRequest(), name, value);
      expect(await errorOf(app, init)).toEqual([400, -32020, 1]);
      expect(runs).toBe(0);
    },
  );

  it.each([
    ["resources/read", { uri: "demo://text" }, "demo://other"],
    ["prompts/get", { name: "demo_greet" }, "demo_other"],
  ])("row 5: refuses %s with another name in its header", async (method, params, other) => {
    const app = await open({ plugins });
    const init = modernRequest(method, params);
    expect((await app.request("/mcp", init)).status).toBe(200);
    expect(await errorOf(app, withHeader(init, "mcp-name", other))).toEqual([400, -32020, 1]);
    expect(await errorOf(app, withHeader(init, "mcp-name", null))).toEqual([400, -32020, 1]);
  });

  it("row 5: takes the name in base64", async () => {
    const app = await open({ plugins });
    const init = withHeader(helloRequest(), "mcp-name", `=?base64?${btoa("demo_hello")}?=`);
    expect((await app.request("/mcp", init)).status).toBe(200);
  });

  it.each(["2030-01-01", "2025-11-25", "1.0", ""])(
    'row 7: refuses the version "%s" and names those it has',
    async (version) => {
      const app = await open({ plugins });
      const { status, body } = await modern(app, "tools/list", {}, inVersion(version));
      expect(status).toBe(400);
      expect(body).toMatchObject({
        id: 1,
        error: { code: -32022, data: { supported: [REVISION], requested: version } },
      });
    },
  );

  it.each([
    "demo/unknown",
    "ping",
    "initialize",
    "logging/setLevel",
    "resources/subscribe",
    "toString",
  ])("row 8: answers the unknown method %s with 404", async (method) => {
    const app = await open({ plugins });
    expect(await modern(app, method, {})).toEqual({
      status: 404,
      body: { jsonrpc: "2.0", id: 1, error: { code: -32601, message: "Method not found" } },
    });
  });

  it.each<[what: string, params: unknown]>([
    ["no params", undefined],
    ["no _meta", {}],
    ["an empty _meta", { _meta: {} }],
    ["no version", { _meta: { [CLIENT_CAPABILITIES]: {} } }],
    ["no capabilities", { _meta: { [PROTOCOL_VERSION]: REVISION } }],
    ["capabilities that are a list", meta({ [CLIENT_CAPABILITIES]: [] })],
    ["a capability that is a flag", meta({ [CLIENT_CAPABILITIES]: { sampling: true } })],
    [
      "a wrong detail of a capability",
      meta({ [CLIENT_CAPABILITIES]: { roots: { listChanged: {} } } }),
    ],
    ["a client without a name", meta({ [CLIENT_INFO]: { version: "1" } })],
    ["a client that is a text", meta({ [CLIENT_INFO]: "client" })],
    ["a client with a wrong title", meta({ [CLIENT_INFO]: { name: "a", version: "1", title: 5 } })],
    [
      "a client with a wrong icon",
      meta({ [CLIENT_INFO]: { name: "a", version: "1", icons: [5] } }),
    ],
    ["a log level that is none", meta({ "io.modelcontextprotocol/logLevel": "loud" })],
  ])("row 9: refuses a request with %s", async (_, params) => {
    const app = await open({ plugins });
    for (const method of ["tools/list", "tools/call"]) {
      const called = method === "tools/call" && params !== undefined;
      const all = called ? { name: "demo_hello", ...(params as object) } : params;
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: all });
      const init = { ...modernRequest(method, { name: "demo_hello" }), body };
      expect([method, ...(await errorOf(app, init))]).toEqual([method, 400, -32602, 1]);
    }
  });

  it("row 9: does not need to know the client's name", async () => {
    const app = await open({ plugins });
    const options = { meta: { [CLIENT_INFO]: undefined } };
    const { status } = await modern(app, "tools/call", { name: "demo_hello" }, options);
    expect(status).toBe(200);
  });

  it("row 11, row 39: discovers the server, which has no extensions", async () => {
    const app = await open({ plugins });
    const { status, body } = await modern(app, "server/discover");
    expect(status).toBe(200);
    expect(body.result).toEqual({
      resultType: "complete",
      supportedVersions: [REVISION],
      capabilities: CAPABILITIES,
      ttlMs: 60_000,
      cacheScope: "private",
      _meta: STAMP,
    });
  });

  it.each([
    ["server/discover", {}],
    ["tools/list", {}],
    ["tools/call", { name: "demo_hello" }],
    ["resources/list", {}],
    ["resources/templates/list", {}],
    ["resources/read", { uri: "demo://text" }],
    ["prompts/list", {}],
    ["prompts/get", { name: "demo_greet" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "demo_greet" }, argument: { name: "x", value: "" } },
    ],
  ])("row 12: the result of %s has its type and names the server", async (method, params) => {
    const app = await open({ plugins });
    const { body } = await modern(app, method, params);
    expect(body.result).toMatchObject({ resultType: "complete", _meta: STAMP });
  });

  it("row 13: lists the same to everyone, whatever came before", async () => {
    const app = await open({ plugins });
    const list = async (options?: ModernOptions) =>
      (await modern(app, "tools/list", {}, options)).body.result;
    const first = await list();
    await modern(app, "tools/call", { name: "demo_hello" });
    await openSession(app);
    expect(await list()).toEqual(first);
    expect(await list({ key: OTHER_CLIENT_KEY })).toEqual(first);
    expect(await list({ capabilities: { sampling: {} } })).toEqual(first);
  });
});

describe.each(WAYS)("the 2025 era, $way", ({ open }) => {
  it.each(["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])(
    "agrees on %s, calls and lists",
    async (version) => {
      const app = await open({ plugins });
      const session = await openSession(app, { version });
      expect(session.initialized).toEqual({
        jsonrpc: "2.0",
        id: 1,
        result: { protocolVersion: version, capabilities: CAPABILITIES, serverInfo: SERVER_INFO },
      });
      const called = await session.call("tools/call", { name: "demo_hello", arguments: {} });
      expect(called.result).toEqual({ content: [{ type: "text", text: "Hello." }] });
      const listed = await session.call("tools/list");
      expect(listed.result).toEqual({
        tools: [{ name: "demo_hello", inputSchema: { type: "object" } }],
      });
      expect(await session.call("ping")).toMatchObject({ result: {} });
    },
  );

  it.each(["2023-01-01", "2027-01-01", "nonsense"])(
    "offers its newest to a client that wants %s",
    async (version) => {
      const app = await open({ plugins });
      const { initialized } = await openSession(app, { version });
      expect(initialized.result.protocolVersion).toBe("2025-11-25");
    },
  );

  it("does not open the older handshake under a 2026-07-28 header", async () => {
    const app = await open({ plugins });
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "a", version: "1" },
      },
    });
    const init = { ...modernRequest("initialize"), body };
    expect(await errorOf(app, init)).toEqual([400, -32020, 1]);
  });
});

function helloRequest(): TestRequest {
  return modernRequest("tools/call", { name: "demo_hello", arguments: {} });
}

function withHeader(init: TestRequest, name: string, value: string | null): TestRequest {
  const headers = new Headers(init.headers);
  if (value === null) headers.delete(name);
  else headers.set(name, value);
  return { ...init, headers };
}

function inVersion(version: string): ModernOptions {
  return { headers: { "mcp-protocol-version": version }, meta: { [PROTOCOL_VERSION]: version } };
}

/** Correct but for what is given. */
function meta(parts: Record<string, unknown>): unknown {
  return { _meta: { [PROTOCOL_VERSION]: REVISION, [CLIENT_CAPABILITIES]: {}, ...parts } };
}

async function errorOf(
  app: { request(path: string, init: TestRequest): Promise<Response> },
  init: TestRequest,
): Promise<[status: number, code: number, id: unknown]> {
  const response = await app.request("/mcp", init);
  const { error, id } = (await response.json()) as { error: { code: number }; id: unknown };
  return [response.status, error.code, id];
}
