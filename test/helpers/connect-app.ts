import type { MCPPlugin } from "../../src/plugins/index.ts";
import type { AppDeps, InstanceEntry } from "../../src/index.ts";
import { modern, type ModernOptions } from "./mcp.ts";
import { grantAs, type PersonOptions } from "./oidc-person.ts";
import { startOidcServer, OIDC_SECRET, type OidcServerOptions } from "./oidc-server.ts";
import { testPlugin } from "./plugins.ts";
import {
  ADMIN_TOKEN,
  CLIENT_KEY,
  createTestApp,
  OWN_PAGE,
  PUBLIC_URL,
  type TestApp,
} from "./test-app.ts";

export const SHOWS_ADDRESSES = { elicitation: { form: {}, url: {} } };

export interface ConnectAppOptions {
  readonly owner?: "shared" | "user";
  readonly scopes?: readonly string[];
  readonly server?: Partial<OidcServerOptions>;
  readonly entries?: Readonly<Record<string, Partial<InstanceEntry>>>;
  readonly deps?: Partial<AppDeps>;
  readonly publicUrl?: () => string;
}

/**
 * A server with two plugins, `drive` and `other`, whose accounts are at one real authorization server. What both
 * declare is `oauth` and `declared`: a change of these counts when they are loaded again.
 */
export async function openConnectApp({
  owner = "shared",
  scopes = ["openid", "offline_access", "read"],
  server,
  entries,
  deps,
  publicUrl,
}: ConnectAppOptions = {}) {
  const oidc = await startOidcServer({
    redirectUris: ["drive", "other"].map((id) => `${PUBLIC_URL}/oauth/callback/${id}`),
    ...server,
  });
  const oauth = { provider: "custom", scopes: [...scopes], urls: { issuer: oidc.issuer } };
  const declared = { owner };
  const plugin = (): MCPPlugin => {
    const made = testPlugin({
      auth: { type: "oauth2", required: true, fields: {}, ...declared, oauth },
      tools: {
        token: async () => {
          const token = await made.context!.getAccessToken();
          return { length: token.length };
        },
        // Without a word of what it is.
        digest: async () => {
          const bytes = new TextEncoder().encode(await made.context!.getAccessToken());
          const hash = await crypto.subtle.digest("SHA-256", bytes);
          return { digest: Buffer.from(hash).toString("hex") };
        },
        state: async () => ({
          isAuthenticated: await made.context!.isAuthenticated(),
          info: await made.context!.getTokenInfo(),
        }),
        reauth: async () => ({ url: await made.context!.requireReauth() }),
      },
    });
    return made;
  };
  const settings = { clientId: "basic" };
  const app = await createTestApp({
    plugins: { drive: plugin, other: plugin },
    entries: { drive: { oauth: settings }, other: { oauth: settings }, ...entries },
    ...(deps && { deps }),
    ...(publicUrl && { publicUrl }),
  });
  for (const id of ["drive", "other"]) {
    const stored = await app.request(`/api/auth/oauth/client-secret/${id}`, {
      key: ADMIN_TOKEN,
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ value: OIDC_SECRET }),
    });
    if (stored.status !== 204) throw new Error(await stored.text());
  }
  return { app, oidc, oauth, declared, tokenRequests: () => oidc.hits("POST /token") };
}

/** Calls a tool of the two plugins and gives its result. */
export async function callTool(
  app: TestApp,
  name: string,
  options: ModernOptions = {},
  more: Record<string, unknown> = {},
) {
  const params = { name, arguments: {}, ...more };
  return (await modern(app, "tools/call", params, options)).body;
}

/** The address at which the caller is asked to connect. */
export async function askedLink(app: TestApp, name = "drive_token", key = CLIENT_KEY) {
  const { result } = await callTool(app, name, { key, capabilities: SHOWS_ADDRESSES });
  const { params } = result.inputRequests.connect;
  return { link: params.url as string, state: result.requestState as string, params };
}

/** A browser: it keeps cookies, says where it comes from, and follows nothing by itself. */
export function createBrowser(app: TestApp) {
  const cookies = new Map<string, string>();
  async function open(url: string, init: RequestInit = {}): Promise<OpenedPage> {
    const headers = new Headers(init.headers);
    if (cookies.size > 0)
      headers.set("cookie", [...cookies].map((pair) => pair.join("=")).join("; "));
    const { pathname, search } = new URL(url, PUBLIC_URL);
    const response = await app.request(pathname + search, { ...init, key: null, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const text = await response.text();
    const goOn = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(text)?.[1];
    return {
      status: response.status,
      text,
      headers: response.headers,
      goOn: goOn === undefined ? null : goOn.replaceAll("&amp;", "&"),
    };
  }
  return {
    cookies,
    open,
    /** Sends the form of a page, from that page. */
    submit: (
      url: string,
      fields: Record<string, string> = {},
      headers: Record<string, string> = {},
    ) =>
      open(url, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { ...OWN_PAGE, ...headers },
      }),
    /** From a connect link to the callback's address, which it does not open. */
    async goTo(link: string, secret: string, person?: PersonOptions): Promise<string> {
      const away = await this.submit(link, { secret });
      if (away.goOn === null) throw new Error(`${away.status}: ${away.text}`);
      return (await grantAs(away.goOn, `${PUBLIC_URL}/oauth/callback/`, person)).href;
    },
  };
}

export interface OpenedPage {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Where it sends the browser. */
  readonly goOn: string | null;
}
