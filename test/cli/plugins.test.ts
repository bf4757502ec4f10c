import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";
import { storeTwo } from "../helpers/vault-ways.ts";

const WEATHER = join(import.meta.dirname, "../../plugins/openweathermap");

/** Two instances of `keeper`, and a package that nobody uses and that needs a credential. */
async function open(way: string) {
  const folder = makeVaultFolder();
  cpSync(WEATHER, join(folder.path, "plugins/weather"), { recursive: true });
  await storeTwo(folder.env);
  const server = way === "on the data folder" ? null : await startNodeServer(folder.env);
  const env = { ...folder.env, ...(server && { MCP_ADMIN_TOKEN: server.adminToken }) };
  return Object.assign((...args: string[]) => runHere(args, env), {
    withStdin: (stdin: string, ...args: string[]) => runHere(args, env, stdin),
  });
}

describe.each(["through the server that runs", "on the data folder"])("%s", (way) => {
  const isRun = way === "through the server that runs";

  it("plugin create makes an instance, and says what it waits for and how to give it that", async () => {
    const mcp = await open(way);
    const made = await mcp("plugin", "create", "rain", "./weather");
    expect(made).toMatchObject({ status: 0, stdout: "" });
    expect(made.stderr).toContain(
      "rain starts when it has its credentials. Store each, from stdin:\n  mcp-plugin-server credentials set rain api_key  Your key from ",
    );
    const listed = await mcp("plugin", "list");
    expect(listed.status).toBe(0);
    expect(listed.stdout).toMatch(/^ID +PACKAGE +STATE +TOOLS +WHY\n/);
    // Beside a server that runs; plugins that nobody runs have no state yet.
    const state = isRun ? "needs-credentials +3 +needs api_key" : "stopped +0";
    expect(listed.stdout).toMatch(new RegExp(`^rain +\\./weather +${state}$`, "m"));
    expect(listed.stdout).toMatch(
      new RegExp(`^keeper +\\./keeper +${isRun ? "running +1" : "stopped +0"}$`, "m"),
    );
    const info = await mcp("plugin", "info", "rain");
    expect(info.stdout).toMatch(/^package +\.\/weather$/m);
    expect(/^needs +api_key$/m.test(info.stdout)).toBe(isRun);
  });

  it("plugin create takes settings, a prefix and --disabled; plugin enable and disable change that", async () => {
    const mcp = await open(way);
    const flags = ["--disabled", "--tool-prefix", "wet", "--settings", '{"units":"imperial"}'];
    const made = await mcp("plugin", "create", "rain", "./weather", "--json", ...flags);
    expect(JSON.parse(made.stdout)).toMatchObject({
      id: "rain",
      enabled: false,
      toolPrefix: "wet",
      sources: { config: "stored", toolPrefix: "stored" },
    });
    expect((await mcp("plugin", "list")).stdout).toMatch(/^rain +\.\/weather +disabled +0$/m);
    const enabled = JSON.parse((await mcp("plugin", "enable", "rain", "--json")).stdout);
    expect(enabled.enabled).toBe(true);
    expect(await mcp("plugin", "disable", "rain")).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "rain is disabled.\n",
    });
  });

  it("plugin create fails for settings that the plugin refuses, and the instance can be mended", async () => {
    const mcp = await open(way);
    const settings = '{"units":"stone"}';
    const made = await mcp("plugin", "create", "rain", "./weather", "--settings", settings);
    expect(made).toMatchObject({ status: 2, stdout: "" });
    expect(made.stderr).toContain("rain is failed: Its settings are not valid: /units must be ");
    expect(made.stderr).not.toContain("stone");
    expect(await mcp("plugin", "remove", "rain")).toMatchObject({ status: 0 });
  });

  it("plugin configure sets one anew, and reads from stdin what is in nobody's list of processes", async () => {
    const mcp = await open(way);
    await mcp("plugin", "create", "rain", "./weather", "--settings", '{"units":"stone"}');
    const args = ["plugin", "configure", "rain", "--settings", "-", "--tool-prefix", "wet"];
    const changed = await mcp.withStdin('{"units":"imperial"}\n', ...args, "--json");
    expect(changed).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(changed.stdout)).toMatchObject({
      config: { units: "imperial" },
      toolPrefix: "wet",
      error: null,
    });
    const client = ["--oauth", '{"clientId":"a-client"}', "--json"];
    const connected = await mcp("plugin", "configure", "rain", ...client);
    expect(JSON.parse(connected.stdout)).toMatchObject({
      config: { units: "imperial" },
      oauth: { clientId: "a-client" },
    });
    const refused = await mcp("plugin", "configure", "rain", "--settings", '{"units":"stone"}');
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).not.toContain("stone");
  });

  it("plugin list names the packages that nobody uses on stderr, and all of it with --json", async () => {
    const mcp = await open(way);
    const { stderr } = await mcp("plugin", "list");
    expect(stderr).toContain(
      "Not used: ./weather (mcp-plugin-server plugin create <id> ./weather)\n",
    );
    const json = await mcp("plugin", "list", "--json");
    expect(json.stderr).toBe("");
    const { data, available } = JSON.parse(json.stdout);
    expect(data.map(({ id }: { id: string }) => id)).toEqual(["keeper", "spare"]);
    expect(available).toContainEqual({ package: "./weather" });
  });

  it("plugin remove leaves the credentials, unless they are to go", async () => {
    const mcp = await open(way);
    const left = async () => JSON.parse((await mcp("credentials", "list", "--json")).stdout).data;
    expect(await mcp("plugin", "remove", "keeper")).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "Removed keeper.\n",
    });
    expect(await left()).toHaveLength(2);
    const removed = await mcp("plugin", "remove", "spare", "--credentials", "--json");
    expect(JSON.parse(removed.stdout)).toEqual({ id: "spare", removed: true });
    expect(await left()).toMatchObject([{ plugin: "keeper" }]);
    expect(JSON.parse((await mcp("plugin", "list", "--json")).stdout).data).toEqual([]);
  });

  it("plugin create says how a folder is written", async () => {
    const mcp = await open(way);
    const { status, stderr } = await mcp("plugin", "create", "rain", "weather");
    expect(status).toBe(2);
    expect(stderr).toContain("no plugin from npm; with ./ before it, it is a folder");
    expect((await mcp("plugin", "create", "rain", "nothing")).stderr).not.toContain("./");
  });

  it.each([
    [["plugin", "info", "nobody"], 2],
    [["plugin", "enable", "nobody"], 2],
    [["plugin", "remove", "nobody"], 2],
    [["plugin", "create", "keeper", "./keeper"], 2],
    [["plugin", "create", "rain", "./nothing"], 2],
    [["plugin", "create", "rain", "./weather", "--settings", "{"], 2],
    [["plugin", "create", "rain"], 1],
    [["plugin", "configure", "keeper"], 2],
    [["plugin", "configure", "nobody", "--tool-prefix", "a"], 2],
    [["plugin", "configure", "keeper", "--oauth", "{"], 2],
    [["plugin", "configure", "keeper", "--settings", "-", "--oauth", "-"], 2],
    [["plugin", "explode", "keeper"], 1],
    [["tools", "call", "keeper_digest", "{"], 2],
    [["tools", "call", "nothing_of_this"], 2],
    [["tools", "call"], 1],
  ])("refuses %j, and changes nothing", async (args, status) => {
    const mcp = await open(way);
    const refused = await mcp(...args);
    expect([refused.status, refused.stdout]).toEqual([status, ""]);
    expect(refused.stderr).toMatch(/^mcp-plugin-server: \S/);
    const { data } = JSON.parse((await mcp("plugin", "list", "--json")).stdout);
    expect(data.map(({ id }: { id: string }) => id)).toEqual(["keeper", "spare"]);
  });

  it("tools list shows what clients would have", async () => {
    const mcp = await open(way);
    const listed = await mcp("tools", "list");
    expect(listed).toMatchObject({ status: 0, stderr: "" });
    expect(listed.stdout).toMatch(/^TOOL +PLUGIN +DOES\n/);
    expect(listed.stdout).toMatch(/^keeper_digest +keeper +The digest of a credential\.$/m);
    const one = JSON.parse((await mcp("tools", "list", "--plugin", "spare", "--json")).stdout);
    expect(one.map(({ name }: { name: string }) => name)).toEqual(["spare_digest"]);
  });

  it.each([
    ["info", []],
    ["enable", []],
    ["reload", []],
    ["configure", ["--tool-prefix", "wet"]],
    ["remove", []],
  ])("plugin %s of a name that nothing has says where to look", async (command, flags) => {
    const mcp = await open(way);
    expect(await mcp("plugin", command, "nobody", ...flags)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: `mcp-plugin-server: There is no plugin "nobody" now. "mcp-plugin-server plugin list" shows those that there are.\n`,
    });
  });

  it("tools call prints what the tool answers, and exits with 2 when that is an error", async () => {
    const mcp = await open(way);
    const called = await mcp("tools", "call", "keeper_digest", '{"name":"endpoint"}');
    expect(called).toMatchObject({ status: 0, stdout: "none\n", stderr: "" });
    const json = await mcp("tools", "call", "keeper_digest", '{"name":"endpoint"}', "--json");
    expect(JSON.parse(json.stdout)).toEqual({ content: [{ type: "text", text: "none" }] });
    const none = await mcp("tools", "call", "nothing");
    expect([none.status, none.stdout, none.stderr]).toEqual([
      2,
      "",
      `mcp-plugin-server: There is no tool "nothing" now. "mcp-plugin-server tools list" shows those that there are.\n`,
    ]);
    const wrong = await mcp("tools", "call", "keeper_digest");
    expect(wrong.status).toBe(2);
    expect(wrong.stdout).toMatch(/^Invalid arguments for tool "keeper_digest"/);
  });
});

it("plugin reload loads the code of a running server's plugin again", async () => {
  const mcp = await open("through the server that runs");
  expect(await mcp("plugin", "reload", "keeper")).toMatchObject({
    status: 0,
    stdout: "",
    stderr: "keeper is running.\n",
  });
});
