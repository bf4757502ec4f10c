import { rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AppError, messageOf } from "../../../src/index.ts";
import type { CredentialDriver, CredentialId } from "../../../src/index.ts";
import { NameQueues } from "./name-queues.ts";
import { decodeRecord, encodeRecord } from "./record-file.ts";
import { assertId, assertSealed, hashOf } from "./record-name.ts";
import {
  codeOf,
  createFile,
  discard,
  hasCode,
  holdFile,
  MAX_FILE_BYTES,
  overwriteUnnamed,
  readGuarded,
  syncFolder,
  wipe,
} from "./safe-files.ts";
import { draftName, openVaultFolder, removeDrafts, type VaultFolder } from "./vault-folder.ts";

export interface FileDriverOptions {
  /** Made if need be, for its owner alone. */
  readonly folder: string;
}

/** What stands beside the sealed text in a file. */
const MAX_SEALED_CHARS = MAX_FILE_BYTES - 8 * 1024;
/** Another process may write, remove, or start and tidy up, between two steps of ours. */
const READ_ATTEMPTS = 4;
const WRITE_ATTEMPTS = 8;
const BETWEEN_ATTEMPTS_MS = 10;

/** The paths of one credential. */
interface Place {
  readonly folder: string;
  readonly hash: string;
  readonly current: string;
  readonly previous: string;
}

/**
 * Sealed credentials in files, one each: `<folder>/plugin-<instance>/<hash>.sealed`, and beside it `.prev`, the record before.
 *
 * A record is written under another name, synced, and renamed, so each name has a whole record or none whenever the process
 * or the power goes. `.prev` is what a read answers while the current one is missing or damaged; that it is older, the
 * vault finds out. What is removed or superseded is overwritten with zeros first; file systems that write elsewhere than told
 * (copy on write, flash) may keep a copy of the sealed text all the same.
 *
 * @throws AppError `VAULT_UNAVAILABLE` when the folder cannot be used
 */
export async function createFileDriver({ folder }: FileDriverOptions): Promise<CredentialDriver> {
  const root = await onDisk(folder, () => openVaultFolder(folder));
  const queues = new NameQueues();
  const placeOf = (id: CredentialId): Place => {
    assertId(id);
    const own = root.of(id.instanceId);
    const hash = hashOf(id);
    return {
      folder: own,
      hash,
      current: join(own, `${hash}.sealed`),
      previous: join(own, `${hash}.prev`),
    };
  };
  return {
    kind: "file",
    read: (id) => onDisk(folder, () => readEither(root, placeOf(id), id)),
    write: (id, sealed) =>
      onDisk(folder, async () => {
        const place = placeOf(id);
        assertSealed(sealed, MAX_SEALED_CHARS);
        const record = encodeRecord(id, sealed);
        await queues.run(place.current, () => replace(root, place, id, record));
      }),
    remove: (id) =>
      onDisk(folder, async () => {
        const place = placeOf(id);
        await queues.run(place.current, () => removeAll(root, place));
      }),
    close: () => queues.idle(),
  };
}

async function readEither(
  root: VaultFolder,
  place: Place,
  id: CredentialId,
): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    if (!(await root.has(place.folder))) return null;
    const current = await readGuarded(place.current);
    const whole = current && decodeRecord(id, current);
    if (whole !== null) return whole;
    const previous = await readGuarded(place.previous);
    const older = previous && decodeRecord(id, previous);
    if (older !== null) return older;
    if (current === null && previous === null) return null;
    // It may be just being removed by another process.
    if (attempt === READ_ATTEMPTS) throw damaged(place);
    await pause(BETWEEN_ATTEMPTS_MS);
  }
}

async function replace(
  root: VaultFolder,
  place: Place,
  id: CredentialId,
  record: Buffer,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const draft = join(place.folder, draftName(place.hash));
    try {
      await root.make(place.folder);
      const current = await readGuarded(place.current);
      const isWhole = current !== null && decodeRecord(id, current) !== null;
      await createFile(draft, record);
      await putInPlace(place, draft, isWhole);
      return;
    } catch (error) {
      await discard(draft).catch(() => {});
      // Another process that was just starting took the draft for a leftover, or made its own record the current one.
      if (!hasCode(error, "ENOENT") || attempt === WRITE_ATTEMPTS) throw error;
    }
  }
}

async function putInPlace(place: Place, draft: string, keepsCurrent: boolean): Promise<void> {
  const superseded = keepsCurrent ? await holdFile(place.previous) : null;
  try {
    // A damaged record must not take the place of the whole one before it.
    if (keepsCurrent) await rename(place.current, place.previous);
    await rename(draft, place.current);
    await syncFolder(place.folder);
  } finally {
    await overwriteUnnamed(superseded);
  }
}

/** The current record goes last: while it is there, the older ones are not needed. */
async function removeAll(root: VaultFolder, place: Place): Promise<void> {
  if (!(await root.has(place.folder))) return;
  await removeDrafts(place.folder, place.hash);
  await wipe(place.previous);
  await wipe(place.current);
  await syncFolder(place.folder);
}

/** What the disk cannot do becomes AppError `VAULT_UNAVAILABLE`. */
async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "VAULT_UNAVAILABLE",
      `The vault's folder ${folder} cannot be used${describe(codeOf(error))}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function describe(code: string): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return " because it is full";
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return " because it may not be written or read";
    default:
      return "";
  }
}

function damaged({ current }: Place): AppError {
  return new AppError(
    "CREDENTIAL_UNREADABLE",
    `${current} is damaged or holds another credential, and there is no whole record before it.`,
  );
}
