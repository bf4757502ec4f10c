import { closeSync, fsyncSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { AppError, passphraseFault, type VaultStatus } from "../../../src/index.ts";
import { readSettings, type SettingFlags, type Settings } from "../settings.ts";
import type { Report } from "./admin-api.ts";
import type { CommandContext } from "./credentials.ts";
import { createNewFile } from "./new-file.ts";
import { openVaultAccess, type VaultAccess } from "./vault-access.ts";
import { withProgress } from "./with-progress.ts";

export interface VaultFlags extends SettingFlags {
  readonly json?: boolean;
}

/** `vault status`. */
export function vaultStatus(context: CommandContext, flags: VaultFlags): Promise<void> {
  return withVault(context, flags, async (access) => {
    const status = await access.status();
    context.output.out(flags.json ? `${JSON.stringify(status)}\n` : toText(status));
  });
}

/** `vault rotate`: new data keys, of all instances or of one. */
export function rotateDataKeys(
  context: CommandContext,
  plugin: string | undefined,
  flags: VaultFlags,
): Promise<void> {
  return withVault(context, flags, async (access) => {
    await withBar(context, flags, "Sealing anew", (report) => access.rotate(plugin, report));
    const what = plugin === undefined ? "every plugin" : plugin;
    say(context, flags, { rotated: plugin ?? null }, `The data key of ${what} is a new one.`);
  });
}

/** `vault rotate-master`. */
export function rotateMasterKey(context: CommandContext, flags: VaultFlags): Promise<void> {
  return withVault(context, flags, async (access) => {
    await withBar(context, flags, "Wrapping data keys", (report) => access.rotateMaster(report));
    const { masterKeyId } = await access.status();
    say(context, flags, { masterKeyId }, `The master key is a new one (${masterKeyId}).`);
  });
}

/** `vault verify`: opens every credential. Answers whether all is well. */
export async function verifyVault(context: CommandContext, flags: VaultFlags): Promise<boolean> {
  let ok = false;
  await withVault(context, flags, async (access) => {
    const found = await withBar(context, flags, "Opening credentials", (report) =>
      access.verify(report),
    );
    ok = found.faults.length === 0;
    if (flags.json) {
      context.output.out(`${JSON.stringify({ ok, ...found })}\n`);
      return;
    }
    for (const { instanceId, owner, name, reason } of found.faults) {
      const what = name === "" ? instanceId : `${instanceId} ${owner}/${name}`;
      context.output.out(`FAULT ${what}: ${reason}\n`);
    }
    context.output.out(
      ok
        ? `ok    ${found.checked} credentials\n`
        : `${found.faults.length} faults in ${found.checked} credentials\n`,
    );
  });
  return ok;
}

/** `vault export`: all credentials as one file that the passphrase opens. */
export function exportBackup(
  context: CommandContext,
  file: string,
  flags: VaultFlags,
): Promise<void> {
  return withVault(context, flags, async (access, settings) => {
    const passphrase = await readPassphrase(context, settings, "new");
    // Made before the work is done, so that a file that is there is not found too late.
    const handle = createNewFile(file);
    try {
      const backup = await withBar(context, flags, "Sealing the backup", () =>
        access.exportBackup(passphrase),
      );
      writeFileSync(handle, backup);
      fsyncSync(handle);
      const bytes = Buffer.byteLength(backup);
      say(context, flags, { file, bytes }, `Wrote ${file} (${bytes} bytes).`);
    } catch (error) {
      // Half a backup would be taken for one.
      unlinkSync(file);
      throw error;
    } finally {
      closeSync(handle);
    }
  });
}

/** `vault import`: stores what a backup has, over what is there under the same names. */
export function importBackup(
  context: CommandContext,
  file: string,
  flags: VaultFlags,
): Promise<void> {
  const use = async (access: VaultAccess, settings: Settings) => {
    const backup = readFileSync(file, "utf8");
    const passphrase = await readPassphrase(context, settings, "known");
    const { imported } = await withBar(context, flags, "Storing credentials", () =>
      access.importBackup(passphrase, backup),
    );
    say(context, flags, { imported }, `Stored ${imported} credentials.`);
  };
  return withVault(context, flags, use, { mayMake: true });
}

async function withVault(
  { env, output }: CommandContext,
  flags: VaultFlags,
  use: (access: VaultAccess, settings: Settings) => Promise<void>,
  options: { readonly mayMake?: boolean } = {},
): Promise<void> {
  const settings = readSettings(env, flags);
  const access = await openVaultAccess(settings, output, options);
  try {
    await use(access, settings);
  } finally {
    await access.close();
  }
}

function withBar<T>(
  { output }: CommandContext,
  { json }: VaultFlags,
  label: string,
  work: (report: Report) => Promise<T>,
): Promise<T> {
  return withProgress({ output, label, json }, work);
}

async function readPassphrase(
  { input }: CommandContext,
  { secrets }: Settings,
  kind: "new" | "known",
): Promise<string> {
  const given = secrets.backupPassphrase;
  if (given === null && !input.isTerminal) {
    throw new AppError(
      "CONFIG_INVALID",
      "There is no terminal to ask for the passphrase. Set MCP_BACKUP_PASSPHRASE_FILE or MCP_BACKUP_PASSPHRASE.",
    );
  }
  const passphrase = given ?? (await ask(input, "Passphrase of the backup"));
  const fault = kind === "new" ? passphraseFault(passphrase) : null;
  if (fault !== null) throw new AppError("CONFIG_INVALID", `The passphrase ${fault}.`);
  if (given === null && kind === "new" && (await ask(input, "Once more")) !== passphrase) {
    throw new AppError("CONFIG_INVALID", "The two passphrases differ. Nothing was written.");
  }
  return passphrase;
}

async function ask(input: CommandContext["input"], question: string): Promise<string> {
  const answer = await input.askSecret(question);
  if (answer !== null && answer !== "") return answer;
  throw new AppError("CONFIG_INVALID", "There is no passphrase, so nothing was done.");
}

function say(
  { output }: CommandContext,
  { json }: VaultFlags,
  data: Readonly<Record<string, unknown>>,
  prose: string,
): void {
  if (json) output.out(`${JSON.stringify(data)}\n`);
  else output.err(`${prose}\n`);
}

function toText({ driver, masterKeyId, masterRotationPending, instances }: VaultStatus): string {
  const lines = [
    `driver        ${driver}`,
    `master key    ${masterKeyId}${masterRotationPending ? " (being replaced)" : ""}`,
    ...instances.flatMap((instance) => [
      "",
      instance.instanceId,
      `  credentials ${instance.credentials}`,
      `  data key    ${instance.dataKeyId} of ${new Date(instance.dataKeyCreatedAt).toISOString()}`,
      `  uses        ${instance.uses} of ${instance.useLimit}`,
      ...(instance.pending === 0 ? [] : [`  by old keys ${instance.pending}`]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
