import { expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";

it.each([
  [{}, ["http", "websocket", "sse"]],
  [{ MCP_SSE: "off" }, ["http", "websocket"]],
])("GET /api/about of a server with %j names the transports that it serves", async (set, names) => {
  const { env } = makeVaultFolder();
  const { port, adminToken } = await startNodeServer({ ...env, ...set });
  const answer = await fetch(`http://127.0.0.1:${port}/api/about`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const about = await answer.json();
  expect(about).toMatchObject({
    name: "mcp-plugin-server",
    auth: "keys",
    transports: names,
    mcpUrl: `${about.url}/mcp`,
  });
});
