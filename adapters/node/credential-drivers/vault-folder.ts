import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { discard, hasCode, isFolderOpen, ownFolder, refused, syncFolder } from "./safe-files.ts";

/** The folder that a vault has for itself, with one for each instance in it. */
export interface VaultFolder {
  /** The folder of an instance, which may not be there. */
  of(instanceId: string): string;
  /** Whether there is an instance's folder. */
  has(folder: string): Promise<boolean>;
  /** Makes an instance's folder, unless it is there. */
  make(folder: string): Promise<void>;
}

/** A name beginning with `aux` or `con` alone would be a device to Windows. */
const INSTANCE_FOLDER = /^plugin-[a-z][a-z0-9-]{0,31}$/;
const DRAFT = /^[0-9a-f]{64}\.[0-9a-f]{16}\.tmp$/;

/**
 * Makes the folder if need be and removes what a crash left in it. Its real path is taken now, and it must stay the same
 * folder: with another in its place (a disk that is not mounted any more) nothing is written, and nothing is "not there".
 *
 * @throws AppError `VAULT_UNAVAILABLE` when it is not ours alone
 */
export async function openVaultFolder(folder: string): Promise<VaultFolder> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await realpath(folder);
  if (first !== undefined) await Promise.all([dirname(first), dirname(root)].map(syncFolder));
  await assertOwnFolder(root);
  const opened = await lstat(root);
  for (const name of await readdir(root)) {
    if (INSTANCE_FOLDER.test(name)) await removeDrafts(join(root, name));
  }
  const assertSame = async () => {
    const now = await ownFolder(root);
    if (now === null) throw refused(root, "is gone");
    if (now.dev === opened.dev && now.ino === opened.ino) return;
    throw refused(root, "is another folder than when it was opened");
  };
  return {
    of: (instanceId) => join(root, `plugin-${instanceId}`),
    async has(own) {
      await assertSame();
      return (await ownFolder(own)) !== null;
    },
    async make(own) {
      await assertSame();
      if ((await ownFolder(own)) !== null) return;
      try {
        await mkdir(own, { mode: 0o700 });
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
      }
      await syncFolder(root);
    },
  };
}

/** A name that a record has while it is being written. */
export function draftName(hash: string): string {
  return `${hash}.${randomBytes(8).toString("hex")}.tmp`;
}

/** Removes what a crash left of writes that nobody was told of. @param hash of which credential; of all when left out */
export async function removeDrafts(folder: string, hash = ""): Promise<void> {
  if ((await ownFolder(folder)) === null) return;
  for (const name of await readdir(folder)) {
    if (DRAFT.test(name) && name.startsWith(hash)) await discard(join(folder, name));
  }
}

/** It gets the mode 0700, so it must not be one that others need. */
async function assertOwnFolder(root: string): Promise<void> {
  const names = (await isFolderOpen(root)) ? await readdir(root) : [];
  if (names.length > 0 && !names.some((name) => INSTANCE_FOLDER.test(name))) {
    throw refused(root, "is used by others, too: name a folder of its own (MCP_VAULT_DIR)");
  }
  await ownFolder(root);
}
