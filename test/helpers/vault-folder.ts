import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { canary } from "./canary.ts";
import { callTool, temporaryFolder, type Banner } from "./server-process.ts";

/** A folder with settings for a server that runs one plugin, `keeper`, which takes `api_key` and `endpoint`. */
export interface VaultFolder {
  readonly path: string;
  readonly dataDir: string;
  /** For a server, or for a command beside it. */
  readonly env: Readonly<Record<string, string>>;
}

const MANIFEST = {
  name: "keeper",
  version: "1.0.0",
  type: "module",
  mcpPlugin: {
    apiVersion: 1,
    entry: "./index.js",
    auth: {
      type: "api-key",
      required: false,
      fields: {
        api_key: {
          type: "password",
          required: false,
          description: "The key of the service.",
          validation: { source: "^(?s:key-.+)$" },
        },
        endpoint: { type: "url", required: false, description: "Where the service is." },
      },
    },
  },
};

const CODE = `
import { createHash } from "node:crypto";

export default class {
  name = "keeper";
  version = "1.0.0";
  description = "Tells the digest of a credential.";
  async initialize(context) { this.context = context; }
  getTools() {
    return [{ name: "digest", description: "The digest of a credential.", inputSchema: {
      type: "object", properties: { name: { type: "string" } }, required: ["name"] } }];
  }
  getResources() { return []; }
  async executeTool(_tool, { name }) {
    const value = await this.context.getCredential(name);
    return value === null ? "none" : createHash("sha256").update(value).digest("hex");
  }
  async cleanup() {}
}
`;

/** Goes when the test ends. */
export function makeVaultFolder(): VaultFolder {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  mkdirSync(join(path, "plugins/keeper"), { recursive: true });
  writeFileSync(join(path, "plugins/keeper/package.json"), JSON.stringify(MANIFEST));
  writeFileSync(join(path, "plugins/keeper/index.js"), CODE);
  const plugins = { keeper: { package: "./keeper" }, spare: { package: "./keeper" } };
  writeFileSync(join(path, "plugins.json"), JSON.stringify({ plugins }));
  const dataDir = join(path, "data");
  return {
    path,
    dataDir,
    env: {
      PORT: "0",
      MCP_CLIENT_KEY: canary("mcpk_vault_folder_client_key_"),
      MCP_DATA_DIR: dataDir,
      MCP_CONFIG: join(path, "plugins.json"),
      MCP_PLUGINS_DIR: join(path, "plugins"),
    },
  };
}

export const digestOf = (value: string) => createHash("sha256").update(value).digest("hex");

/** The digest of a credential of `keeper`, as the plugin sees it; `none` when there is none. */
export async function keptDigest(
  { mcpUrl, clientKey }: Pick<Banner, "mcpUrl" | "clientKey">,
  name = "api_key",
): Promise<string> {
  const { text } = await callTool({ mcpUrl }, clientKey!, "keeper_digest", { name });
  const { result } = JSON.parse(text) as { result: { content: { text: string }[] } };
  return result.content[0]!.text;
}
