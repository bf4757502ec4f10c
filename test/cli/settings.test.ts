import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings, type Settings } from "../../adapters/node/settings.ts";
import { DEFAULT_RATE_LIMITS, PUBLIC_ONLY } from "../../src/index.ts";
import { NO_RATE_LIMITS } from "../../src/core/limits/rate-limits.ts";
import { ROOT, temporaryFolder } from "../helpers/server-process.ts";

const SECRET = "0123456789abcdefghijklmnop";
const SECRETS = [
  "MCP_ADMIN_TOKEN",
  "MCP_CLIENT_KEY",
  "MCP_MASTER_KEY",
  "MCP_MASTER_KEY_PREVIOUS",
  "MCP_BACKUP_PASSPHRASE",
  "DATABASE_AUTH_TOKEN",
] as const;
const NO_SECRETS = {
  adminToken: null,
  clientKey: null,
  masterKey: null,
  previousMasterKey: null,
  backupPassphrase: null,
  databaseToken: null,
};

let folder: ReturnType<typeof temporaryFolder>;
const inFolder = (name: string) => join(folder.path, name);

beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(inFolder("secret"), `${SECRET}\n`);
  writeFileSync(inFolder("empty"), "\n");
  mkdirSync(inFolder("plugins"));
});

afterAll(() => folder.remove());

describe("the settings", () => {
  it("have defaults for everything", () => {
    expect(readSettings({ LOG_FORMAT: "json" })).toEqual({
      port: 3000,
      host: "127.0.0.1",
      publicUrl: null,
      databaseUrl: `file:${resolve("data/server.db")}`,
      dataDir: resolve("data"),
      configFile: resolve("config/plugins.json"),
      configNamed: false,
      pluginsDir: resolve("plugins"),
      auth: "keys",
      sse: true,
      tls: null,
      logLevel: "info",
      logFormat: "json",
      vault: {
        driver: "database",
        folder: resolve("data/vault"),
        prefix: "mcp-plugin-server",
        url: null,
      },
      audit: { folder: resolve("data/audit"), anchorFile: null, keepDays: null },
      outbound: PUBLIC_ONLY,
      issuers: [],
      rateLimits: DEFAULT_RATE_LIMITS,
      fixed: [],
      trustedProxies: [],
      secrets: NO_SECRETS,
    } satisfies Settings);
  });

  it.each([
    ["PORT", "8080", { port: 8080 }],
    ["PORT", " 0 ", { port: 0 }],
    ["HOST", "::1", { host: "::1" }],
    ["PUBLIC_URL", "https://mcp.example.org/", { publicUrl: "https://mcp.example.org" }],
    ["DATABASE_URL", "file:/tmp/x.db", { databaseUrl: "file:/tmp/x.db" }],
    ["MCP_DATA_DIR", "/srv/mcp", { dataDir: "/srv/mcp", databaseUrl: "file:/srv/mcp/server.db" }],
    ["MCP_CONFIG", "/etc/p.json", { configFile: "/etc/p.json", configNamed: true }],
    ["MCP_PLUGINS_DIR", "/", { pluginsDir: "/" }],
    ["MCP_AUTH", "none", { auth: "none" }],
    ["MCP_SSE", "off", { sse: false }],
    ["MCP_SSE", "on", { sse: true }],
    [
      "MCP_ALLOW_PRIVATE_ORIGINS",
      " https://git.lan/ , loopback ",
      { outbound: { privateOrigins: new Set(["https://git.lan"]), allowLoopback: true } },
    ],
    ["MCP_RATE_LIMITS", "off", { rateLimits: NO_RATE_LIMITS, fixed: ["rateLimits"] }],
    [
      "MCP_RATE_LIMITS",
      "calls=60, failures=off",
      { rateLimits: { ...DEFAULT_RATE_LIMITS, calls: 60, failures: null } },
    ],
    ["LOG_LEVEL", "debug", { logLevel: "debug", fixed: ["logLevel"] }],
    ["LOG_LEVEL", " ", { logLevel: "info", fixed: [] }],
    ["LOG_FORMAT", "pretty", { logFormat: "pretty" }],
    ["MCP_VAULT", "file", { vault: { driver: "file" } }],
    ["MCP_VAULT", "aws", { vault: { driver: "aws", url: null } }],
    ["MCP_VAULT_DIR", "/srv/vault", { vault: { driver: "database", folder: "/srv/vault" } }],
    ["MCP_VAULT_PREFIX", "Team-1", { vault: { prefix: "Team-1" } }],
    // Of no driver that has one.
    ["MCP_VAULT_URL", "https://x.vault.azure.net", { vault: { url: null } }],
    ["MCP_DATA_DIR", "/srv/mcp", { vault: { folder: "/srv/mcp/vault" } }],
    ["MCP_DATA_DIR", "/srv/mcp", { audit: { folder: "/srv/mcp/audit" } }],
    ["MCP_AUDIT_DIR", "/srv/audit", { audit: { folder: "/srv/audit" } }],
    ["MCP_AUDIT_DAYS", "90", { audit: { keepDays: 90 }, fixed: ["auditDays"] }],
    ["MCP_AUDIT_ANCHOR_FILE", "/mnt/heads", { audit: { anchorFile: "/mnt/heads" } }],
    ["PORT", "", { port: 3000 }],
    ["MCP_CONFIG", "  ", { configNamed: false }],
  ])("take %s=%j", (name, value, expected) => {
    expect(readSettings({ [name]: value })).toMatchObject(expected);
  });

  it("prefer flags to the environment", () => {
    const env = {
      PORT: "1",
      HOST: "localhost",
      MCP_CONFIG: "/env.json",
      MCP_PLUGINS_DIR: "/tmp",
      MCP_DATA_DIR: "/env",
    };
    const flags = {
      port: "2",
      host: "::1",
      config: "/flag.json",
      pluginsDir: inFolder("plugins"),
      dataDir: "/flag",
    };
    expect(readSettings(env, flags)).toMatchObject({
      port: 2,
      host: "::1",
      configFile: "/flag.json",
      pluginsDir: inFolder("plugins"),
      dataDir: "/flag",
      databaseUrl: "file:/flag/server.db",
    });
  });

  it.each([
    ["PORT", "http", 'PORT must be a number from 0 to 65535 (0 takes a free one), not "http".'],
    ["MCP_AUDIT_DAYS", "0", 'MCP_AUDIT_DAYS must be a number of days from 1 to 99999, not "0".'],
    ["PORT", "65536", 'PORT must be a number from 0 to 65535 (0 takes a free one), not "65536".'],
    [
      "PUBLIC_URL",
      "https://a.example/mcp",
      'PUBLIC_URL must be an origin such as https://mcp.example.org (http on localhost alone), not "https://a.example/mcp".',
    ],
    [
      "PUBLIC_URL",
      "ftp://a.example",
      'PUBLIC_URL must be an origin such as https://mcp.example.org (http on localhost alone), not "ftp://a.example".',
    ],
    [
      "PUBLIC_URL",
      "http://a.example",
      'PUBLIC_URL must be an origin such as https://mcp.example.org (http on localhost alone), not "http://a.example".',
    ],
    [
      "MCP_ALLOW_PRIVATE_ORIGINS",
      "https://git.lan,http://files.lan",
      'MCP_ALLOW_PRIVATE_ORIGINS must be a list of origins such as https://git.example.org (http on localhost alone), or of the word loopback, not "http://files.lan".',
    ],
    ["MCP_AUTH", "off", 'MCP_AUTH must be one of keys, none, not "off".'],
    ["MCP_SSE", "false", 'MCP_SSE must be one of on, off, not "false".'],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL must be one of debug, info, warning, error, not "loud".'],
    ["LOG_FORMAT", "xml", 'LOG_FORMAT must be one of json, pretty, not "xml".'],
    ["MCP_VAULT", "vault", 'MCP_VAULT must be one of database, file, aws, azure, not "vault".'],
    [
      "MCP_VAULT",
      "azure",
      "MCP_VAULT=azure needs MCP_VAULT_URL, such as https://my-vault.vault.azure.net.",
    ],
    [
      "MCP_VAULT_PREFIX",
      "1/2",
      'MCP_VAULT_PREFIX must consist of letters, digits and -, begin with a letter and have 32 characters at most, not "1/2".',
    ],
    ["MCP_PLUGINS_DIR", "/nowhere", "MCP_PLUGINS_DIR names /nowhere, which is not a folder."],
    ["TLS_CERT_FILE", "/x.pem", "TLS needs both TLS_CERT_FILE and TLS_KEY_FILE."],
    ["TLS_KEY_FILE", "/x.pem", "TLS needs both TLS_CERT_FILE and TLS_KEY_FILE."],
  ])("refuse %s=%j", (name, value, message) => {
    expect(() => readSettings({ [name]: value })).toThrow(
      expect.objectContaining({ name: "AppError", code: "CONFIG_INVALID", message }),
    );
  });

  it("take the address of an Azure Key Vault", () => {
    const env = { MCP_VAULT: "azure", MCP_VAULT_URL: "https://v.vault.azure.net" };
    expect(readSettings(env).vault).toMatchObject({ url: "https://v.vault.azure.net/" });
  });

  it.each(["http://v.vault.azure.net", "http://localhost", "v.vault.azure.net", "ftp://localhost"])(
    "do not send sealed credentials to %s",
    (url) => {
      expect(() => readSettings({ MCP_VAULT: "azure", MCP_VAULT_URL: url })).toThrow(
        "MCP_VAULT=azure needs MCP_VAULT_URL",
      );
    },
  );

  it("refuse TLS files that are missing or no certificate", () => {
    const read = (file: string) => () =>
      readSettings({ TLS_CERT_FILE: file, TLS_KEY_FILE: inFolder("secret") });
    expect(read(inFolder("missing"))).toThrow(
      /^TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ENOENT/,
    );
    expect(read(inFolder("secret"))).toThrow(/^TLS_CERT_FILE and TLS_KEY_FILE cannot be used: /);
  });

  it("name every variable in docs/cli.md, and no other", () => {
    const sources = ["settings.ts", "vault-settings.ts", "authorization-settings.ts", "secrets.ts"]
      .map((name) => readFileSync(join(ROOT, "adapters/node", name), "utf8"))
      .join("\n");
    const read = [...sources.matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)]
      .map(([, name]) => name!)
      .filter((name) => name !== "CONFIG_INVALID");
    const expected = new Set([...read, ...SECRETS.map((name) => `${name}_FILE`)]);
    const documented = readFileSync(join(ROOT, "docs/cli.md"), "utf8").matchAll(
      /^\| `([A-Z_]+)`/gm,
    );
    expect([...documented].map(([, name]) => name!).toSorted()).toEqual([...expected].toSorted());
  });
});

describe("secrets", () => {
  it("come from their variables", () => {
    expect(
      readSettings({
        MCP_ADMIN_TOKEN: `${SECRET}1`,
        MCP_CLIENT_KEY: `${SECRET}2`,
        MCP_MASTER_KEY: `${SECRET}3`,
        MCP_MASTER_KEY_PREVIOUS: `${SECRET}4`,
        MCP_BACKUP_PASSPHRASE: `${SECRET}5`,
        DATABASE_AUTH_TOKEN: `${SECRET}6`,
      }).secrets,
    ).toEqual({
      adminToken: `${SECRET}1`,
      clientKey: `${SECRET}2`,
      masterKey: `${SECRET}3`,
      previousMasterKey: `${SECRET}4`,
      backupPassphrase: `${SECRET}5`,
      databaseToken: `${SECRET}6`,
    });
  });

  it.each([
    ["MCP_ADMIN_TOKEN", "adminToken"],
    ["MCP_CLIENT_KEY", "clientKey"],
    ["MCP_MASTER_KEY", "masterKey"],
    ["MCP_BACKUP_PASSPHRASE", "backupPassphrase"],
    ["DATABASE_AUTH_TOKEN", "databaseToken"],
  ] as const)("come from the file that %s_FILE names", (name, field) => {
    const env = { [`${name}_FILE`]: inFolder("secret") };
    expect(readSettings(env).secrets[field]).toBe(SECRET);
    expect(env).toEqual({});
  });

  it("have a previous master key beside a current one alone", () => {
    const env = { MCP_MASTER_KEY_PREVIOUS_FILE: inFolder("secret"), MCP_MASTER_KEY: SECRET };
    expect(readSettings(env).secrets.previousMasterKey).toBe(SECRET);
    expect(() => readSettings({ MCP_MASTER_KEY_PREVIOUS: SECRET })).toThrow(
      "MCP_MASTER_KEY_PREVIOUS is of use beside MCP_MASTER_KEY alone.",
    );
  });

  it.each(SECRETS)("are refused when %s and its _FILE are both set", (name) => {
    const env = { [name]: SECRET, [`${name}_FILE`]: inFolder("secret") };
    expect(() => readSettings(env)).toThrow(`Set ${name} or ${name}_FILE, not both.`);
  });

  it.each(SECRETS)("are refused when %s_FILE cannot be read or is empty", (name) => {
    const read = (file: string) => () => readSettings({ [`${name}_FILE`]: file });
    expect(read("/nowhere")).toThrow(
      `${name}_FILE cannot be read: ENOENT: no such file or directory, open '/nowhere'`,
    );
    expect(read(inFolder("empty"))).toThrow(
      `${name}_FILE names ${inFolder("empty")}, which is empty.`,
    );
  });

  it.each([
    ["MCP_CLIENT_KEY", "short"],
    ["MCP_CLIENT_KEY", `${SECRET} with spaces`],
    ["MCP_ADMIN_TOKEN", `${SECRET}é`],
  ])("are refused when %s=%j, without repeating it", (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(
      `${name} must have at least 22 printable ASCII characters and no spaces, as from: openssl rand -base64 32`,
    );
  });

  it("leave the environment all at once, even when one of them is refused", () => {
    const env: Record<string, string> = {
      MCP_ADMIN_TOKEN: "short",
      MCP_CLIENT_KEY: SECRET,
      MCP_CLIENT_KEY_FILE: inFolder("secret"),
      MCP_MASTER_KEY: SECRET,
      MCP_MASTER_KEY_PREVIOUS: SECRET,
      MCP_BACKUP_PASSPHRASE: SECRET,
      DATABASE_AUTH_TOKEN_FILE: inFolder("secret"),
      PORT: "1",
    };
    expect(() => readSettings(env)).toThrow("MCP_CLIENT_KEY");
    expect(env).toEqual({ PORT: "1" });
  });
});
