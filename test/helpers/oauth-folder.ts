import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { canary } from "./canary.ts";
import { grantAs, type PersonOptions } from "./oidc-person.ts";
import { OIDC_SECRET } from "./oidc-server.ts";
import { temporaryFolder } from "./server-process.ts";

/** Where browsers find the servers of such a folder, whichever port they have. */
export const FOLDER_URL = "http://localhost:3999";
export const FOLDER_CALLBACK = `${FOLDER_URL}/oauth/callback/drive`;

export interface OAuthFolder {
  readonly dataDir: string;
  /** For a server, or for a command beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly adminToken: string;
  readonly clientKey: string;
}

const SCOPES = ["openid", "offline_access", "read"];

const code = (issuer: string, scopes: readonly string[]) => `
import { createHash } from "node:crypto";

export default class {
  name = "drive";
  version = "1.0.0";
  description = "Tells the digest of its access token.";
  auth = {
    type: "oauth2",
    required: true,
    fields: {},
    oauth: {
      provider: "custom",
      scopes: ${JSON.stringify(scopes)},
      urls: { issuer: ${JSON.stringify(issuer)} },
    },
  };
  async initialize(context) { this.context = context; }
  getTools() { return [{ name: "digest", description: "The digest of the access token." }]; }
  getResources() { return []; }
  async executeTool() {
    return createHash("sha256").update(await this.context.getAccessToken()).digest("hex");
  }
  async cleanup() {}
}
`;

/** A folder with settings for servers that run one plugin, `drive`, whose accounts are at an authorization server. */
export function makeOAuthFolder(issuer: string, entry: object = {}, scopes = SCOPES): OAuthFolder {
  const { path, remove } = temporaryFolder();
  onTestFinished(remove);
  mkdirSync(join(path, "plugins/drive"), { recursive: true });
  writeFileSync(join(path, "plugins/drive/index.js"), code(issuer, scopes));
  const plugins = { drive: { package: "./drive", oauth: { clientId: "basic" }, ...entry } };
  writeFileSync(join(path, "plugins.json"), JSON.stringify({ plugins }));
  const dataDir = join(path, "data");
  const [adminToken, clientKey] = [
    canary("mcpa_oauth_folder_token_"),
    canary("mcpk_oauth_folder_key_"),
  ];
  return {
    dataDir,
    adminToken,
    clientKey,
    env: {
      PORT: "0",
      PUBLIC_URL: FOLDER_URL,
      MCP_CLIENT_KEY: clientKey,
      MCP_ADMIN_TOKEN: adminToken,
      MCP_DATA_DIR: dataDir,
      MCP_CONFIG: join(path, "plugins.json"),
      MCP_PLUGINS_DIR: join(path, "plugins"),
      MCP_ALLOW_PRIVATE_ORIGINS: "loopback",
    },
  };
}

/** Stores the client secret of `drive`. */
export async function storeSecret(url: string, { adminToken }: OAuthFolder): Promise<void> {
  const answer = await fetch(`${url}/api/auth/oauth/client-secret/drive`, {
    method: "PUT",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ value: OIDC_SECRET }),
  });
  if (answer.status !== 204) throw new Error(await answer.text());
}

/** Goes through a connect link as a person with a browser does, at the server that listens at `url`. */
export async function connectThrough(
  url: string,
  link: string,
  { adminToken }: Pick<OAuthFolder, "adminToken">,
  person?: PersonOptions,
): Promise<Response> {
  const here = (address: string) => url + address.slice(FOLDER_URL.length);
  const away = await fetch(here(link), {
    method: "POST",
    body: new URLSearchParams({ secret: adminToken }),
    headers: { origin: FOLDER_URL },
  });
  const text = await away.text();
  const goOn = /content="0; url=([^"]+)"/.exec(text)?.[1];
  if (goOn === undefined) throw new Error(`${away.status}: ${text}`);
  const back = await grantAs(goOn.replaceAll("&amp;", "&"), FOLDER_CALLBACK, person);
  const cookie = away.headers
    .getSetCookie()
    .map((set) => set.split(";")[0])
    .join("; ");
  return fetch(here(back.href), { headers: { cookie } });
}

/** A new connect link of `drive`. */
export async function askForLink(url: string, { adminToken }: OAuthFolder): Promise<string> {
  const answer = await fetch(`${url}/api/auth/oauth/initiate/drive`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return ((await answer.json()) as { authUrl: string }).authUrl;
}
