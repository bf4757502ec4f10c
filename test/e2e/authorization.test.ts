import { join } from "node:path";
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { UnauthorizedError as LegacyUnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClientAuth } from "../helpers/client-auth.ts";
import { startOidcServer, type OidcServerOptions } from "../helpers/oidc-server.ts";
import { startProcess, temporaryFolder, withFixture } from "../helpers/server-process.ts";

const INFO = { name: "e2e", version: "1.0.0" };

type ClientAuth = ReturnType<typeof createClientAuth>;

/** A client that has signed in, or wants to. */
interface SignedIn {
  toolNames(): Promise<string[]>;
  call(name: string, args: Record<string, unknown>): Promise<unknown>;
  /** Takes what the person comes back with. */
  finish(answer: URLSearchParams): Promise<void>;
}

interface AnyClient {
  readonly name: string;
  /** What it throws when somebody has to sign in. */
  readonly wantsSignIn: new (...args: never[]) => Error;
  /** With a refresh token, that of the first SDK refreshes where it should ask for more, and gives up when that did not help. */
  readonly hasRefreshTokens: boolean;
  /** What it asks for at first. */
  readonly scope: string;
  /** What it asks for when a call takes more: the second SDK's all that it has and needs, the first's what it needs. */
  readonly stepUpScope: string;
  /** A client that has not spoken yet. `connect` is its first word. */
  readonly open: (mcpUrl: string, auth: ClientAuth) => SignedIn & { connect(): Promise<void> };
}

const CLIENTS: readonly AnyClient[] = [
  {
    name: "the client of the first SDK",
    wantsSignIn: LegacyUnauthorizedError,
    hasRefreshTokens: false,
    scope: "look change",
    stepUpScope: "change",
    open(mcpUrl, { provider, fetch }) {
      const client = new LegacyClient(INFO);
      const transport = new LegacyTransport(new URL(mcpUrl), { authProvider: provider, fetch });
      onTestFinished(() => client.close());
      return {
        connect: () => client.connect(transport),
        toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
        call: async (name, args) =>
          (await client.callTool({ name, arguments: args }, CallToolResultSchema))["content"],
        finish: (answer) => transport.finishAuth(answer.get("code")!),
      };
    },
  },
  ...([undefined, "auto", { pin: "2026-07-28" }] as const).map((mode): AnyClient => ({
    name: `the client of the second SDK, ${mode === undefined ? "as it is" : JSON.stringify(mode)}`,
    wantsSignIn: UnauthorizedError,
    hasRefreshTokens: true,
    scope: "look change offline_access",
    stepUpScope: "look change offline_access",
    open(mcpUrl, { provider, fetch }) {
      const client = new Client(INFO, {
        ...(mode !== undefined && { versionNegotiation: { mode } }),
      });
      const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
        authProvider: provider,
        fetch,
      });
      onTestFinished(() => client.close());
      return {
        connect: () => client.connect(transport),
        toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
        call: async (name, args) => (await client.callTool({ name, arguments: args })).content,
        finish: (answer) => transport.finishAuth(answer),
      };
    },
  })),
];

/** The server as a process of its own, and an authorization server that it takes tokens of. */
async function open(options: Pick<OidcServerOptions, "grantScopes" | "issuesRefreshTokens">) {
  const oidc = await startOidcServer({
    ...options,
    redirectUris: [],
    scopes: ["look", "change"],
    resourceServer: (resource) => ({
      scope: "look change",
      audience: resource,
      accessTokenFormat: "jwt",
      jwt: { sign: { alg: "ES256" } },
    }),
  });
  const { path, remove } = temporaryFolder();
  const scopes = { look: ["mcp:read"], change: ["mcp:e2e"] };
  const server = startProcess(["--json"], {
    cwd: path,
    env: {
      ...withFixture(path),
      MCP_DATA_DIR: join(path, "data"),
      MCP_AUTHORIZATION: JSON.stringify({ issuers: [{ issuer: oidc.issuer, scopes }] }),
      MCP_ALLOW_PRIVATE_ORIGINS: "loopback",
      LOG_LEVEL: "debug",
    },
  });
  onTestFinished(async () => {
    await server.stop();
    remove();
  });
  const { mcpUrl } = await server.banner();
  return { oidc, server, mcpUrl, origin: new URL(mcpUrl).origin };
}

describe.each(CLIENTS)("$name", ({ open: openClient, wantsSignIn, ...expected }) => {
  it("finds out from a 401 how to sign in, does so, and calls tools; and signs in for more", async () => {
    let isGenerous = false;
    const { oidc, server, mcpUrl, origin } = await open({
      issuesRefreshTokens: expected.hasRefreshTokens,
      grantScopes: (asked) => asked.filter((name) => isGenerous || name !== "change"),
    });
    const auth = createClientAuth();

    const stranger = openClient(mcpUrl, auth);
    await expect(stranger.connect()).rejects.toBeInstanceOf(wantsSignIn);
    expect(auth.requests.map(({ route, status }) => `${route} ${status}`)).toEqual([
      `POST ${mcpUrl} 401`,
      `GET ${origin}/.well-known/oauth-protected-resource/mcp 200`,
      `GET ${oidc.issuer}/.well-known/oauth-authorization-server 200`,
      `POST ${oidc.issuer}/reg 201`,
    ]);
    const asked = Object.fromEntries(auth.links[0]!.searchParams);
    expect(asked).toMatchObject({
      response_type: "code",
      resource: mcpUrl,
      scope: expected.scope,
      code_challenge_method: "S256",
    });

    await stranger.finish(await auth.goThrough());
    const exchange = auth.requests.findLast(({ route }) => route === `POST ${oidc.issuer}/token`)!;
    expect(exchange.status).toBe(200);
    expect(Object.fromEntries(new URLSearchParams(exchange.body))).toMatchObject({
      grant_type: "authorization_code",
      resource: mcpUrl,
      code_verifier: auth.saved.verifier,
    });
    const narrow = auth.saved.tokens!.access_token;

    const client = openClient(mcpUrl, auth);
    await client.connect();
    const names = await client.toolNames();
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !name.startsWith("time_"))).toEqual([]);
    expect(await client.call("time_now", {})).toEqual([
      { type: "text", text: expect.stringMatching(/\d\d:\d\d/) as string },
    ]);
    expect(auth.links).toHaveLength(1);

    const before = auth.requests.length;
    await expect(client.call("e2e_echo", { text: "hello" })).rejects.toBeInstanceOf(wantsSignIn);
    const [refused] = auth.requests.slice(before);
    expect(refused).toMatchObject({ route: `POST ${mcpUrl}`, status: 403 });
    expect(refused!.challenge).toContain('error="insufficient_scope"');
    expect(refused!.challenge).toContain('scope="change"');
    expect(auth.links).toHaveLength(2);
    expect(auth.links[1]!.searchParams.get("scope")).toBe(expected.stepUpScope);
    expect(auth.links[1]!.searchParams.get("resource")).toBe(mcpUrl);

    isGenerous = true;
    await client.finish(await auth.goThrough());
    expect(await client.call("e2e_echo", { text: "hello" })).toEqual([
      { type: "text", text: "hello" },
    ]);
    expect(auth.links).toHaveLength(2);

    const wide = auth.saved.tokens!.access_token;
    expect(wide).not.toBe(narrow);
    for (const token of [narrow, wide]) {
      expect(server.stdout() + server.stderr()).not.toContain(token.split(".")[2]);
    }
  });
});
