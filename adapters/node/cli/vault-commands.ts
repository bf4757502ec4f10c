import type { Command } from "commander";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import type { VaultFlags } from "./vault.ts";

/**
 * `vault`. What the commands need is loaded when one runs: a start of the server need not pay for it.
 *
 * @param fail is called when a check has found something
 */
export function addVaultCommands(
  program: Command,
  context: CommandContext,
  fail: () => void,
): void {
  const about = "keys that the credentials are sealed with, and their backup";
  const vault = addCommandGroup(program, "vault", about);
  const add = (name: string, description: string): Command =>
    addFileFlags(vault.command(name)).description(description).option("--json", "print JSON");

  add("status", "show the keys and how much they have been used").action(
    async (flags: VaultFlags) => (await import("./vault.ts")).vaultStatus(context, flags),
  );
  add("rotate", "seal credentials with new data keys")
    .argument("[plugin]", "the plugin's id; all of them when left out")
    .action(async (plugin: string | undefined, flags: VaultFlags) =>
      (await import("./vault.ts")).rotateDataKeys(context, plugin, flags),
    );
  add("rotate-master", "replace the master key in the data folder").action(
    async (flags: VaultFlags) => (await import("./vault.ts")).rotateMasterKey(context, flags),
  );
  add("verify", "open every credential, and name what is damaged").action(
    async (flags: VaultFlags) => {
      const { verifyVault } = await import("./vault.ts");
      if (!(await verifyVault(context, flags))) fail();
    },
  );
  add("export", "write all credentials into a file that a passphrase opens")
    .argument("<file>", "a file that is not there yet")
    .action(async (file: string, flags: VaultFlags) =>
      (await import("./vault.ts")).exportBackup(context, file, flags),
    );
  add("import", "store what such a file has")
    .argument("<file>")
    .action(async (file: string, flags: VaultFlags) =>
      (await import("./vault.ts")).importBackup(context, file, flags),
    );
}
