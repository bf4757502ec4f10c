import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import {
  connectThrough,
  FOLDER_CALLBACK,
  makeOAuthFolder,
  storeSecret,
} from "../helpers/oauth-folder.ts";
import { startOidcServer } from "../helpers/oidc-server.ts";

const INFO = { name: "e2e", version: "1.0.0" };
const CAPABILITIES = { elicitation: { form: {}, url: {} } };

/** What a client does with the address that it is asked to open. */
type OpenLink = (url: string) => Promise<void>;
type Call = () => Promise<Record<string, unknown>>;

const CLIENTS: readonly [
  name: string,
  connect: (mcpUrl: string, requestInit: RequestInit, open: OpenLink) => Promise<Call>,
][] = [
  [
    "the client of the first SDK, 2025-11-25",
    async (mcpUrl, requestInit, open) => {
      const client = new LegacyClient(INFO, { capabilities: CAPABILITIES });
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        await open((params as { url: string }).url);
        return { action: "accept" };
      });
      await client.connect(new LegacyTransport(new URL(mcpUrl), { requestInit }));
      onTestFinished(() => client.close());
      return () => client.callTool({ name: "drive_digest", arguments: {} }, CallToolResultSchema);
    },
  ],
  ...([undefined, "auto", { pin: "2026-07-28" }] as const).map((mode): (typeof CLIENTS)[number] => [
    `the client of the second SDK, ${mode === undefined ? "as it is" : JSON.stringify(mode)}`,
    async (mcpUrl, requestInit, open) => {
      const client = new Client(INFO, {
        capabilities: CAPABILITIES,
        ...(mode !== undefined && { versionNegotiation: { mode } }),
      });
      client.setRequestHandler("elicitation/create", async ({ params }) => {
        await open((params as { url: string }).url);
        return { action: "accept" };
      });
      await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit }));
      onTestFinished(() => client.close());
      return () => client.callTool({ name: "drive_digest", arguments: {} });
    },
  ]),
];

describe("a person is asked to connect an account, and the call goes on", () => {
  const ways = CLIENTS.flatMap(([name, connect]) =>
    (["in-process", "worker"] as const).map((host) => [name, host, connect] as const),
  );

  it.each(ways)("with %s, plugin %s", async (_name, host, connect) => {
    const oidc = await startOidcServer({ redirectUris: [FOLDER_CALLBACK] });
    const folder = makeOAuthFolder(oidc.issuer, { host });
    const { port } = await startNodeServer(folder.env);
    const url = `http://localhost:${port}`;
    await storeSecret(url, folder);
    const links: string[] = [];
    const call = await connect(
      `${url}/mcp`,
      { headers: { authorization: `Bearer ${folder.clientKey}` } },
      async (link) => {
        links.push(link);
        expect((await connectThrough(url, link, folder)).status).toBe(200);
      },
    );
    const result = await call();
    expect(result["isError"]).not.toBe(true);
    expect(result["content"]).toEqual([
      { type: "text", text: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    ]);
    expect(links).toHaveLength(1);
    // It is connected now, so nobody is asked again.
    await call();
    expect(links).toHaveLength(1);
  });
});
