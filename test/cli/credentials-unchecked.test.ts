import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";
import { VALUE } from "../helpers/vault-ways.ts";

describe("a credential of a plugin whose manifest says nothing of it", () => {
  const set = ["credentials", "set", "plain", "token"];
  function makePlainFolder() {
    const folder = makeVaultFolder();
    const plugin = join(folder.path, "plugins/plain");
    mkdirSync(plugin);
    const mcpPlugin = { apiVersion: 1, entry: "./index.js" };
    const manifest = { name: "plain", version: "1.0.0", type: "module", mcpPlugin };
    writeFileSync(join(plugin, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(plugin, "index.js"), 'export { default } from "../keeper/index.js";');
    const plugins = { plain: { package: "./plain" } };
    writeFileSync(join(folder.path, "plugins.json"), JSON.stringify({ plugins }));
    return folder;
  }

  it.each([
    ["people", [], "", "Stored token of plain.\n"],
    ["programs", ["--json"], '{"stored":{"plugin":"plain","name":"token","owner":"shared"}}\n', ""],
  ])("is stored without a check where no server runs, which %s are told", async (_, ...rest) => {
    const [flags, stdout, stored] = rest;
    expect(await runHere([...set, ...flags], makePlainFolder().env, VALUE)).toEqual({
      status: 0,
      stdout,
      stderr: `${stored}Its form was not checked: the plugin's package.json says nothing of it, and no server runs that could ask the plugin.\n`,
    });
  });

  it("says nothing of a check where a server runs", async () => {
    const folder = makePlainFolder();
    const server = await startNodeServer(folder.env);
    const env = { ...folder.env, MCP_ADMIN_TOKEN: server.adminToken };
    expect(await runHere(set, env, VALUE)).toEqual({
      status: 0,
      stdout: "",
      stderr: "Stored token of plain.\n",
    });
  });
});
