import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  assertSafeListen,
  isLoopback,
  toServerConfig,
} from "../../../adapters/node/listen-rules.ts";
import { readSettings } from "../../../adapters/node/settings.ts";
import { startServer } from "../../../adapters/node/server.ts";
import { createRecordingLogger } from "../../helpers/logger.ts";
import { temporaryFolder } from "../../helpers/server-process.ts";

const TLS = { certFile: "cert.pem", keyFile: "key.pem" };
const PUBLIC = "https://mcp.example.org";

type Bind = Parameters<typeof assertSafeListen>[0];

const HERE: Bind = { host: "127.0.0.1", auth: "keys", tls: null, publicUrl: null };

describe("assertSafeListen", () => {
  it.each<[what: string, bind: Partial<Bind>]>([
    ["this machine", {}],
    ["this machine by name", { host: "localhost" }],
    ["this machine by IPv6", { host: "::1" }],
    ["another address of this machine", { host: "127.8.9.10" }],
    ["this machine without keys", { auth: "none" }],
    [
      "this machine without keys, by an address of its own",
      { auth: "none", publicUrl: "http://localhost:3000" },
    ],
    ["this machine behind a proxy", { publicUrl: PUBLIC }],
    ["this machine with a certificate", { tls: TLS }],
    ["everywhere with a certificate", { host: "0.0.0.0", tls: TLS }],
    ["everywhere by IPv6 with a certificate", { host: "::", tls: TLS }],
    ["everywhere behind a proxy", { host: "0.0.0.0", publicUrl: PUBLIC }],
    ["one address behind a proxy", { host: "192.168.1.5", publicUrl: PUBLIC }],
  ])("allows %s", (_, bind) => {
    expect(() => assertSafeListen({ ...HERE, ...bind })).not.toThrow();
  });

  it.each<[what: string, bind: Partial<Bind>, waysOut: RegExp]>([
    [
      "everywhere",
      { host: "0.0.0.0" },
      /TLS_CERT_FILE and TLS_KEY_FILE, or PUBLIC_URL=https.*, or HOST=127\.0\.0\.1/,
    ],
    ["everywhere by IPv6", { host: "::" }, /or HOST=127\.0\.0\.1/],
    ["one address", { host: "192.168.1.5" }, /HOST=192\.168\.1\.5 is reachable/],
    ["a name", { host: "mcp.example.org" }, /or HOST=127\.0\.0\.1/],
    ["what looks like this machine", { host: "127.0.0.1.example.org" }, /or HOST=127\.0\.0\.1/],
    [
      "everywhere behind a proxy without TLS",
      { host: "0.0.0.0", publicUrl: "http://mcp.example.org" },
      /PUBLIC_URL=https/,
    ],
    [
      "everywhere without keys",
      { host: "0.0.0.0", auth: "none" },
      /Remove MCP_AUTH, or set HOST=127\.0\.0\.1/,
    ],
    [
      "everywhere without keys, with a certificate",
      { host: "0.0.0.0", auth: "none", tls: TLS },
      /Remove MCP_AUTH/,
    ],
    [
      "everywhere without keys, behind a proxy",
      { host: "0.0.0.0", auth: "none", publicUrl: PUBLIC },
      /Remove MCP_AUTH/,
    ],
    [
      "this machine without keys, behind a proxy",
      { auth: "none", publicUrl: PUBLIC },
      /no PUBLIC_URL/,
    ],
    [
      "this machine without keys, by a name that looks like it",
      { auth: "none", publicUrl: "http://localhost.example.org" },
      /no PUBLIC_URL/,
    ],
  ])("refuses %s, and says what to do", (_, bind, waysOut) => {
    const act = () => assertSafeListen({ ...HERE, ...bind });
    expect(act).toThrow(expect.objectContaining({ code: "UNSAFE_LISTEN" }));
    expect(act).toThrow(waysOut);
  });

  it("is asked before anything is created or listens", async () => {
    const folder = temporaryFolder();
    const env = { PORT: "0", HOST: "0.0.0.0", MCP_DATA_DIR: `${folder.path}/data` };
    const start = startServer(readSettings(env), createRecordingLogger());
    await expect(start).rejects.toMatchObject({ code: "UNSAFE_LISTEN" });
    expect(existsSync(env.MCP_DATA_DIR)).toBe(false);
    folder.remove();
  });
});

describe("toServerConfig", () => {
  const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

  it.each<[what: string, bind: Partial<Bind>, hosts: string[], origins: string[]]>([
    ["this machine", {}, LOOPBACK, []],
    ["everywhere", { host: "0.0.0.0" }, LOOPBACK, []],
    ["everywhere by IPv6", { host: "::" }, LOOPBACK, []],
    ["one address", { host: "192.168.1.5" }, [...LOOPBACK, "192.168.1.5"], []],
    ["one IPv6 address", { host: "fd00::5" }, [...LOOPBACK, "[fd00::5]"], []],
    ["a public address", { publicUrl: PUBLIC }, [...LOOPBACK, "mcp.example.org"], [PUBLIC]],
    [
      "a public address with a port",
      { publicUrl: "https://mcp.example.org:8443" },
      [...LOOPBACK, "mcp.example.org"],
      ["https://mcp.example.org:8443"],
    ],
  ])("lets requests name the hosts of %s", (_, bind, allowedHosts, allowedOrigins) => {
    const config = toServerConfig({ ...HERE, sse: true, ...bind });
    expect(config).toEqual({
      allowedHosts,
      allowedOrigins,
      auth: "keys",
      sse: true,
      websocket: true,
    });
  });
});

it.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.255.255.254", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["128.0.0.1", false],
  ["127.0.0.1.example.org", false],
  ["localhost.example.org", false],
  ["", false],
])("isLoopback(%j) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
