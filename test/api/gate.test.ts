import { describe, expect, it } from "vitest";
import { modernRequest } from "../helpers/mcp.ts";
import { ADMIN_TOKEN, type TestRequest } from "../helpers/test-app.ts";
import { WAYS } from "../helpers/ways.ts";

/** A server of this machine alone. */
const LOCAL = {
  allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
  allowedOrigins: [],
  auth: "keys",
  sse: true,
} as const;

/** One that others know by a name, and this machine still by its own. */
const PUBLIC = {
  allowedHosts: [...LOCAL.allowedHosts, "mcp.example.org"],
  allowedOrigins: ["https://mcp.example.org"],
  auth: "keys",
  sse: true,
} as const;

/** Every route there is, with what it answers to a request that passes the gate. */
const ROUTES: readonly [route: string, status: number, path: string, init: TestRequest][] = [
  ["POST /mcp", 200, "/mcp", modernRequest("tools/list")],
  ["GET /mcp", 406, "/mcp", {}],
  ["POST /sse", 405, "/sse", { method: "POST" }],
  ["POST /messages", 400, "/messages", { method: "POST" }],
  ["GET /api/plugins", 200, "/api/plugins", { key: ADMIN_TOKEN }],
  ["GET /healthz", 200, "/healthz", { key: null }],
  ["GET /readyz", 200, "/readyz", { key: null }],
  ["a path that does not exist", 404, "/nothing/here", {}],
  ["a method that does not exist", 404, "/api/plugins", { method: "DELETE" }],
];

const GOOD_HOSTS = [
  "localhost",
  "localhost:3000",
  "LocalHost:3000",
  "127.0.0.1:3000",
  "[::1]",
  "[::1]:3000",
];

const BAD_HOSTS = [
  "evil.example",
  "evil.example:3000",
  "localhost.evil.example",
  "evil.localhost",
  "example.org",
  "localhost.",
  "127.0.0.2:3000",
  "127.1",
  "0.0.0.0:3000",
  "[::]:3000",
  "*",
];

/** What is no host in its usual form. The HTTP stack of Node refuses it before the app sees it. */
const MALFORMED_HOSTS = [
  "[::ffff:127.0.0.1]:3000",
  "::1",
  "localhost:",
  "localhost:http",
  "localhost:3000:3000",
  "localhost, evil.example",
  "localhost evil.example",
  "user@localhost",
  "localhost@evil.example",
  "localhost/evil.example",
  "localhost#evil.example",
  "http://localhost",
  "[localhost]",
];

const GOOD_ORIGINS = [
  null,
  "http://localhost",
  "http://localhost:5173",
  "https://localhost:8443",
  "http://LOCALHOST:5173",
  "http://127.0.0.1:8080",
  "http://[::1]:8080",
];

const BAD_ORIGINS = [
  "null",
  "http://evil.example",
  "http://evil.example:3000",
  "http://localhost.evil.example",
  "https://mcp.example.org",
  "http://127.0.0.2:3000",
  "http://127.1",
  "http://2130706433",
  "http://[::ffff:127.0.0.1]",
  "http://localhost@evil.example",
  "http://evil.example@localhost",
  "http://localhost/page",
  "http://localhost, http://evil.example",
  "http://localhost http://evil.example",
  "localhost",
  "//localhost",
  "file://localhost",
  "chrome-extension://localhost",
  "javascript://localhost",
  "*",
];

describe.each(WAYS)("the gate, $way", ({ open }) => {
  it.each(ROUTES)("lets allowed hosts and origins through to %s", async (_, status, path, init) => {
    const app = await open({ deps: { config: LOCAL } });
    for (const host of GOOD_HOSTS) {
      for (const origin of GOOD_ORIGINS) {
        const response = await app.request(path, withAddress(init, host, origin));
        expect([host, origin, response.status]).toEqual([host, origin, status]);
      }
    }
  });

  it.each(ROUTES)(
    "refuses other hosts at %s, whatever the origin",
    async (_, _status, path, init) => {
      const app = await open({ deps: { config: LOCAL } });
      for (const host of BAD_HOSTS) {
        for (const origin of [null, "http://localhost:3000", `http://${host}`]) {
          const response = await app.request(path, withAddress(init, host, origin));
          expect([host, origin, response.status, await codeOf(response)]).toEqual([
            host,
            origin,
            403,
            "HOST_REFUSED",
          ]);
        }
      }
    },
  );

  it.each(ROUTES)("refuses malformed hosts at %s", async (_, _status, path, init) => {
    const app = await open({ deps: { config: LOCAL } });
    for (const host of MALFORMED_HOSTS) {
      const response = await app.request(path, withAddress(init, host, null));
      expect([host, response.status]).toEqual([host, app.port === null ? 403 : 400]);
    }
  });

  it.each(ROUTES)("refuses pages of other origins at %s", async (_, _status, path, init) => {
    const app = await open({ deps: { config: LOCAL } });
    for (const origin of BAD_ORIGINS) {
      const response = await app.request(path, withAddress(init, "localhost:3000", origin));
      expect([origin, response.status, await codeOf(response)]).toEqual([
        origin,
        403,
        "ORIGIN_REFUSED",
      ]);
    }
  });

  it("answers a refused host with a problem that tells nothing more, and asks for no key", async () => {
    const app = await open({ deps: { config: LOCAL } });
    const init = withAddress({ key: null }, "evil.example", null);
    const response = await app.request("/api/plugins", init);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("www-authenticate")).toBeNull();
    expect(await response.json()).toEqual({
      type: "urn:mcp-plugin-server:error:HOST_REFUSED",
      title: "This server does not answer to that host name.",
      status: 403,
      code: "HOST_REFUSED",
      requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}$/),
    });
  });

  it("answers a refused origin with a problem that tells nothing more", async () => {
    const app = await open({ deps: { config: LOCAL } });
    const init = withAddress({}, "localhost:3000", "http://evil.example");
    const response = await app.request("/mcp", init);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await response.json()).toEqual({
      type: "urn:mcp-plugin-server:error:ORIGIN_REFUSED",
      title: "This server does not answer pages of that origin.",
      status: 403,
      code: "ORIGIN_REFUSED",
      requestId: expect.any(String),
    });
  });
});

describe("the gate of a server with a public address", () => {
  const answer = async (host: string, origin: string | null) => {
    const app = await WAYS[0]!.open({ deps: { config: PUBLIC } });
    return (await app.request("/healthz", withAddress({}, host, origin))).status;
  };

  it.each(["mcp.example.org", "mcp.example.org:80", "MCP.example.ORG:443", ...GOOD_HOSTS])(
    "answers to the host %s",
    async (host) => {
      expect(await answer(host, null)).toBe(200);
      expect(await answer(host, "https://mcp.example.org")).toBe(200);
      expect(await answer(host, "HTTPS://MCP.EXAMPLE.ORG")).toBe(200);
    },
  );

  it.each([
    "http://mcp.example.org",
    "https://mcp.example.org:8443",
    "https://mcp.example.org.evil.example",
    "https://evil.example",
    // A page of this machine is for servers that nobody else reaches.
    ...GOOD_ORIGINS.filter((origin) => origin !== null),
  ])("refuses pages of %s", async (origin) => {
    expect(await answer("mcp.example.org", origin)).toBe(403);
    expect(await answer("localhost:3000", origin)).toBe(403);
  });
});

it("refuses a request without a host", async () => {
  const app = await WAYS[0]!.open();
  const response = await app.fetch(new Request("http://localhost:3000/healthz"));
  expect([response.status, await codeOf(response)]).toEqual([403, "HOST_REFUSED"]);
});

it("refuses a request with an empty host or origin", async () => {
  const app = await WAYS[0]!.open();
  const noHost = await app.request("/healthz", withAddress({}, "", null));
  expect([noHost.status, await codeOf(noHost)]).toEqual([403, "HOST_REFUSED"]);
  const noOrigin = await app.request("/healthz", withAddress({}, "localhost", ""));
  expect([noOrigin.status, await codeOf(noOrigin)]).toEqual([403, "ORIGIN_REFUSED"]);
});

function withAddress(init: TestRequest, host: string, origin: string | null): TestRequest {
  const headers = new Headers(init.headers);
  headers.set("host", host);
  if (origin !== null) headers.set("origin", origin);
  return { ...init, headers };
}

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { code?: unknown }).code;
}
