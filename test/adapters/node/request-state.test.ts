import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { modernRequest, type JsonRpcAnswer } from "../../helpers/mcp.ts";
import { startNodeServer, type NodeServer } from "../../helpers/node-server.ts";
import { makeVaultFolder } from "../../helpers/vault-folder.ts";

/** A plugin that asks first, and answers what it was to remember. */
const ASKER = `
export default {
  name: "asker", version: "1.0.0", description: "Asks.",
  initialize: async () => {}, cleanup: async () => {}, getResources: () => [],
  getTools: () => [{ name: "ask", description: "Asks.", inputSchema: { type: "object" } }],
  executeTool: async (_name, _args, { input }) =>
    input === null ? { resultType: "input_required", state: { step: 1 } } : JSON.stringify(input.state),
};
`;

async function ask({ mcpUrl, clientKey }: NodeServer, requestState?: string) {
  const params = { name: "asker_ask", arguments: {}, ...(requestState && { requestState }) };
  const { headers, body } = modernRequest("tools/call", params);
  const authorization = `Bearer ${clientKey}`;
  const init = { method: "POST", headers: { ...headers, authorization }, body };
  return ((await (await fetch(mcpUrl, init)).json()) as JsonRpcAnswer).result;
}

it("a call that waits for input goes on after the master key was replaced, and after a restart", async () => {
  const folder = makeVaultFolder();
  mkdirSync(join(folder.path, "plugins/asker"));
  writeFileSync(join(folder.path, "plugins/asker/index.js"), ASKER);
  const plugins = { asker: { package: "./asker" } };
  writeFileSync(join(folder.path, "plugins.json"), JSON.stringify({ plugins }));

  const first = await startNodeServer(folder.env);
  const { resultType, requestState } = await ask(first);
  expect(resultType).toBe("input_required");
  const done = { content: [{ type: "text", text: '{"step":1}' }] };
  expect(await ask(first, requestState)).toMatchObject(done);

  const rotated = await fetch(`${first.url}/api/vault/rotate-master`, {
    method: "POST",
    headers: { authorization: `Bearer ${first.adminToken}`, "content-type": "application/json" },
    body: "{}",
  });
  expect((await rotated.text()).trimEnd().split("\n").at(-1)).toBe('{"done":true}');
  expect(await ask(first, requestState)).toMatchObject(done);
  await first.close();

  const second = await startNodeServer(folder.env);
  expect(await ask(second, requestState)).toMatchObject(done);
});
