import {
  assertCredentialName,
  assertOwner,
  type CredentialListing,
  type Owner,
} from "../../../src/index.ts";
import { readSettings, type Environment, type SettingFlags } from "../settings.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";
import { readValue } from "./read-value.ts";
import { toTable } from "./table.ts";
import { openVaultAccess } from "./vault-access.ts";

const UNCHECKED =
  "Its form was not checked: the plugin's package.json says nothing of it, and no server runs that could ask the plugin.";

export interface CredentialFlags extends SettingFlags {
  readonly owner?: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly env: Environment;
  readonly input: Input;
  readonly output: Output;
}

/** `credentials set`: stores a value from stdin, or one that a person types unseen. */
export async function setCredential(
  { env, input, output }: CommandContext,
  plugin: string,
  name: string,
  flags: CredentialFlags,
): Promise<void> {
  const settings = readSettings(env, flags);
  const owner = toOwner(flags);
  assertCredentialName(name);
  // Before the value is asked for: nobody should type a secret in vain.
  const access = await openVaultAccess(settings, output, { mayMake: true });
  try {
    const value = await readValue(input, `${name} of ${plugin}`);
    const { isChecked } = await access.set({ plugin, name, owner }, value);
    if (flags.json) output.out(`${JSON.stringify({ stored: { plugin, name, owner } })}\n`);
    else output.err(`Stored ${name} of ${plugin}.\n`);
    if (!isChecked) output.err(`${UNCHECKED}\n`);
  } finally {
    await access.close();
  }
}

/** `credentials list`: names and dates. */
export async function listCredentials(
  { env, output }: CommandContext,
  plugin: string | undefined,
  flags: CredentialFlags,
): Promise<void> {
  const access = await openVaultAccess(readSettings(env, flags), output);
  try {
    const found = await access.list(plugin);
    if (flags.json) output.out(`${JSON.stringify({ data: found.map(toJson) })}\n`);
    else if (found.length === 0) output.err("There are no credentials.\n");
    else output.out(toText(found));
  } finally {
    await access.close();
  }
}

/** `credentials rm`. */
export async function removeCredential(
  { env, output }: CommandContext,
  plugin: string,
  name: string,
  flags: CredentialFlags,
): Promise<void> {
  const owner = toOwner(flags);
  assertCredentialName(name);
  const access = await openVaultAccess(readSettings(env, flags), output);
  try {
    await access.remove({ plugin, name, owner });
    if (flags.json) output.out(`${JSON.stringify({ removed: { plugin, name, owner } })}\n`);
    else output.err(`Removed ${name} of ${plugin}.\n`);
  } finally {
    await access.close();
  }
}

/** @throws AppError `CREDENTIAL_INVALID` */
function toOwner({ owner = "shared" }: CredentialFlags): Owner {
  assertOwner(owner);
  return owner;
}

function toJson({ instanceId: plugin, name, owner, createdAt, updatedAt }: CredentialListing) {
  return { plugin, name, owner, createdAt, updatedAt };
}

function toText(found: readonly CredentialListing[]): string {
  const rows = [
    ["PLUGIN", "NAME", "OWNER", "CHANGED"],
    ...found.map(({ instanceId, name, owner, updatedAt }) => [
      instanceId,
      name,
      owner,
      new Date(updatedAt).toISOString(),
    ]),
  ];
  return toTable(rows);
}
