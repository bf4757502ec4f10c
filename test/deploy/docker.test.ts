import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DCLinter } from "dclint";
import { validate, ValidationSeverity } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { assertSafeListen } from "../../adapters/node/listen-rules.ts";
import { readSettings } from "../../adapters/node/settings.ts";
import { ROOT, temporaryFolder } from "../helpers/server-process.ts";

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

/** The instructions of a Dockerfile, each on one line, and no comments. */
const instructions = read("Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");
const lastStage = instructions.slice(
  instructions.findLastIndex((line) => line.startsWith("FROM ")),
);

const lintDockerfile = (text: string) =>
  validate(text, {
    instructionCasing: ValidationSeverity.ERROR,
    deprecatedMaintainer: ValidationSeverity.ERROR,
    instructionCmdMultiple: ValidationSeverity.ERROR,
    instructionEntrypointMultiple: ValidationSeverity.ERROR,
    instructionHealthcheckMultiple: ValidationSeverity.ERROR,
    instructionJSONInSingleQuotes: ValidationSeverity.ERROR,
    instructionWorkdirRelative: ValidationSeverity.ERROR,
  }).map(({ message }) => message);

describe("the Dockerfile", () => {
  it("has nothing that its linter finds", () => {
    expect(lintDockerfile(read("Dockerfile"))).toEqual([]);
    expect(lintDockerfile("FROM node\nWORKDIR app\n")).toEqual([
      expect.stringContaining("WORKDIR"),
    ]);
  });

  it("installs what the lockfile says, and runs no package's script", () => {
    const installs = instructions.filter((line) => line.includes("npm ci"));
    expect(installs).toHaveLength(2);
    for (const line of installs) expect(line).toContain("--ignore-scripts");
    expect(instructions.filter((line) => /npm (install|i) /.test(line))).toEqual([]);
  });

  it("runs as nobody's user, with production packages alone", () => {
    expect(lastStage).toContain("USER 10001:10001");
    expect(lastStage).toContain("COPY --from=packages /build/node_modules ./node_modules");
    expect(lastStage.filter((line) => /^COPY (src|test|scripts)/.test(line))).toEqual([]);
    const packages = instructions.findIndex((line) => line.endsWith(" AS packages"));
    expect(instructions.slice(packages).find((line) => line.includes("npm ci"))).toContain(
      "--omit=dev",
    );
  });

  it("has no secret", () => {
    const names = /(TOKEN|KEY|SECRET|PASSPHRASE|PASSWORD)/;
    const set = instructions.filter((line) => /^(ENV|ARG) /.test(line) && names.test(line));
    expect(set).toEqual([]);
  });

  it("copies what is there, and what .dockerignore lets in", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const sources = instructions
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
      .flatMap((line) => line.split(" ").slice(1, -1));
    expect(sources.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
    expect(new Set(sources)).toEqual(new Set(allowed));
  });

  it("listens in the container only where a proxy or a certificate makes it safe", () => {
    const environment = { HOST: "0.0.0.0", PORT: "3000", MCP_DATA_DIR: "/data" };
    const start = (more: Record<string, string>) => () =>
      assertSafeListen(readSettings({ ...environment, ...more }));
    expect(lastStage.join("\n")).toContain("HOST=0.0.0.0");
    expect(start({})).toThrow("keys would travel unencrypted");
    expect(start({ PUBLIC_URL: "https://mcp.example.org" })).not.toThrow();
  });
});

interface Service {
  readonly [name: string]: unknown;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
}

describe("compose.yaml", () => {
  const compose = parse(read("compose.yaml")) as {
    services: { server: Service };
    secrets: Record<string, { file: string }>;
  };
  const { server } = compose.services;

  it("has nothing that its linter finds, which knows the schema", () => {
    expect(lintCompose(join(ROOT, "compose.yaml"))).toEqual([]);
    const folder = temporaryFolder();
    const mistaken = join(folder.path, "compose.yaml");
    writeFileSync(mistaken, "name: a\nservices:\n  b:\n    image: c:1\n    read_onyl: true\n");
    expect(lintCompose(mistaken)).toEqual([expect.stringContaining("additional properties")]);
    folder.remove();
  });

  it("publishes to this machine alone", () => {
    expect(server.ports).toEqual(["127.0.0.1:3000:3000"]);
  });

  it("lets the container write to its data and to memory, and do nothing special", () => {
    expect(server).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      ulimits: { core: 0 },
      volumes: ["data:/data", "./config:/app/config:ro"],
    });
    for (const name of ["privileged", "cap_add", "network_mode", "pid", "devices"]) {
      expect(server).not.toHaveProperty(name);
    }
  });

  it("hands secrets over as files that Git never sees", () => {
    const secret = /KEY|TOKEN|PASSPHRASE/;
    const set = Object.entries(server.environment).filter(([name]) => secret.test(name));
    expect(Object.fromEntries(set)).toEqual({
      MCP_MASTER_KEY_FILE: "/run/secrets/master-key",
      MCP_ADMIN_TOKEN_FILE: "/run/secrets/admin-token",
      MCP_CLIENT_KEY_FILE: "/run/secrets/client-key",
    });
    expect(Object.keys(compose.secrets)).toEqual(["master-key", "admin-token", "client-key"]);
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//);
    expect(read(".gitignore").split("\n")).toContain("/secrets/");
  });

  it("tells a PUBLIC_URL that is missing before anything starts", () => {
    expect(server.environment["PUBLIC_URL"]).toMatch(/^\$\{PUBLIC_URL:\?.*https:/);
  });
});

/** What dclint finds, but for tastes: the order of keys is ours, and an image may be built and have a name. */
function lintCompose(file: string): string[] {
  const off = [
    "no-build-and-image",
    "service-dependencies-alphabetical-order",
    "service-keys-order",
    "service-ports-alphabetical-order",
    "services-alphabetical-order",
    "top-level-properties-order",
  ];
  const rules = {
    ...Object.fromEntries(off.map((rule) => [rule, 0])),
    "require-quotes-in-ports": [2, { quoteType: "double" }],
  };
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  // Its types are lost: they name their files without an extension.
  const results = linter.lintFiles([file], false) as readonly {
    readonly messages: readonly { readonly message: string }[];
  }[];
  return results.flatMap(({ messages }) => messages.map(({ message }) => message));
}
