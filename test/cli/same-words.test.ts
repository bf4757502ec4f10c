import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNodeServer } from "../helpers/node-server.ts";
import { runHere } from "../helpers/server-process.ts";
import { makeVaultFolder } from "../helpers/vault-folder.ts";
import { storeTwo, VALUE } from "../helpers/vault-ways.ts";

const OWNER =
  "An owner is 'shared', 'client:<id>' or 'user:<issuer>:<subject>' in printable ASCII.";

const NAME = "The name of a credential is a letter and up to 63 letters, digits, '_', '.' and '-'.";

describe.each(["through the server that runs", "on the data folder"])(
  "%s, a command says in the same words",
  (way) => {
    async function open() {
      const folder = makeVaultFolder();
      await storeTwo(folder.env);
      if (way === "on the data folder") return folder;
      const server = await startNodeServer(folder.env);
      return { ...folder, env: { ...folder.env, MCP_ADMIN_TOKEN: server.adminToken } };
    }

    it.each([
      [["vault", "rotate", "nope"], "NOT_FOUND", 'The vault has nothing of a plugin "nope".'],
      [
        ["credentials", "rm", "keeper", "nope"],
        "CREDENTIAL_NOT_FOUND",
        '"keeper" has no credential "nope" of shared. "credentials list" shows all.',
      ],
      [
        ["credentials", "rm", "keeper", "api_key", "--owner", "client:a"],
        "CREDENTIAL_NOT_FOUND",
        '"keeper" has no credential "api_key" of client:a. "credentials list" shows all.',
      ],
      [
        ["credentials", "set", "nope", "api_key"],
        "NOT_FOUND",
        'No plugin is configured as "nope". There are: keeper, spare.',
      ],
      [
        ["credentials", "set", "keeper", "api_key", "--owner", "bogus"],
        "CREDENTIAL_INVALID",
        OWNER,
      ],
      [["credentials", "rm", "keeper", "api_key", "--owner", "bogus"], "CREDENTIAL_INVALID", OWNER],
      [["credentials", "set", "keeper", "$own"], "CREDENTIAL_INVALID", NAME],
      [["credentials", "set", "keeper", "a/b"], "CREDENTIAL_INVALID", NAME],
      [["credentials", "set", "keeper", "x".repeat(65)], "CREDENTIAL_INVALID", NAME],
      [["credentials", "rm", "keeper", "$own"], "CREDENTIAL_INVALID", NAME],
      [
        ["credentials", "set", "No/Id", "api_key"],
        "NOT_FOUND",
        'No plugin is configured as "No/Id". There are: keeper, spare.',
      ],
      [
        ["credentials", "rm", "No/Id", "api_key"],
        "CREDENTIAL_NOT_FOUND",
        '"No/Id" has no credential "api_key" of shared. "credentials list" shows all.',
      ],
      [["vault", "rotate", "No/Id"], "NOT_FOUND", 'The vault has nothing of a plugin "No/Id".'],
    ])("why it refuses %j", async (args, code, message) => {
      const { env } = await open();
      const { status, stdout, stderr } = await runHere([...args, "--json"], env, VALUE);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(JSON.parse(stderr)).toEqual({ error: { code, message } });
    });

    it("that a passphrase is too short", async () => {
      const { env, path } = await open();
      const { status, stderr } = await runHere(["vault", "export", join(path, "backup")], {
        ...env,
        MCP_BACKUP_PASSPHRASE: "only eleven",
      });
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: "mcp-plugin-server: The passphrase must have at least 12 characters.\n",
      });
    });

    it("that all is well", async () => {
      const { env } = await open();
      const { stdout } = await runHere(["vault", "verify", "--json"], env);
      expect(stdout).toBe('{"ok":true,"checked":2,"faults":[]}\n');
    });

    it.each([
      ["that has no owner", ["keeper", "api_key", "--owner", "bogus"]],
      ["without a name that can be", ["keeper", "$own"]],
    ])("no question for a value %s", async (_, args) => {
      const { env } = await open();
      const set = ["credentials", "set", ...args];
      expect(await runHere(set, env, [VALUE])).toMatchObject({ status: 2, questions: [] });
    });
  },
);
