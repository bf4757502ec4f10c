import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import { promisify } from "node:util";
import {
  AppError,
  auditLine,
  isChainId,
  type AuditHead,
  type AuditRecord,
  type AuditStore,
  type DamagedRecord,
} from "../../src/index.ts";
import { JournalId } from "./audit-journal-id.ts";
import { JournalReader, readRecords } from "./audit-journal-reader.ts";

const SUFFIX = ".jsonl";
/** Files whose ends are read without letting others work. */
const PAUSE_EVERY = 100;
const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
const syncFile = promisify(fsync);

/** The file of a chain that this process writes. */
interface OpenFile {
  readonly file: number;
  /** Bytes of whole records: what lies behind them is left of a write that failed. */
  size: number;
  /** Bytes of the file when it was last looked at, before each group: a system call is a good part of what an append takes. */
  found: number;
  seq: number;
}

/**
 * Audit records in files, one line of JSON each, one file a chain (`<chain>.jsonl`, for its owner alone). A record that was
 * appended is the operating system's: it survives the end of this process, and after `sync` a power cut. Each file has
 * one writer for all its life, so nobody locks anything.
 *
 * Written synchronously: a group of records takes 1 µs that way and 8 µs through the thread pool, where it also waits for
 * whatever else is there. The time of a slow disk is spent in `sync`, which does not block.
 */
export function createAuditJournal({
  folder,
  name,
}: {
  readonly folder: string;
  /** As it stands in the chains. When left out, it is `journal:` and an id that is kept in the folder. */
  readonly name?: string;
}): AuditStore {
  const open = new Map<string, OpenFile>();
  const dirty = new Set<OpenFile>();
  const reader = new JournalReader();
  const id = new JournalId(folder);
  const pathOf = (chain: string) => {
    if (!isChainId(chain)) throw new Error("it is no chain's id");
    return join(folder, chain + SUFFIX);
  };

  /** The file to append to. One that is there already was begun by this journal: two processes never share a chain. */
  async function openFile(chain: string): Promise<OpenFile> {
    const known = open.get(chain);
    if (known !== undefined) {
      const { nlink, size } = fstatSync(known.file);
      known.found = size;
      if (nlink > 0) return known;
      // Its name was taken away: what is written there, nobody would find.
      forget(chain, known);
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (name === undefined) id.store();
    const file = openSync(pathOf(chain), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    syncFolder(folder);
    const opened = { file, size: 0, found: 0, seq: 0 };
    open.set(chain, opened);
    return opened;
  }

  function forget(chain: string, { file }: OpenFile): void {
    const opened = open.get(chain);
    open.delete(chain);
    if (opened !== undefined) dirty.delete(opened);
    closeSync(file);
  }

  function write(target: OpenFile, records: readonly AuditRecord[]): void {
    writeWhole(target, Buffer.from(records.map((record) => `${auditLine(record)}\n`).join("")));
    target.seq = records.at(-1)!.seq;
    dirty.add(target);
  }

  /** What of a group is not here yet. */
  async function missing(
    target: OpenFile,
    records: readonly AuditRecord[],
  ): Promise<readonly AuditRecord[]> {
    const [first] = records;
    if (first!.seq > target.seq) return records;
    const known = records.filter(({ seq }) => seq <= target.seq);
    const stored = new Map(
      (await reader.read(pathOf(first!.chain), first!.seq, known.length)).map((record) => [
        record.seq,
        record.mac,
      ]),
    );
    if (known.some(({ seq, mac }) => stored.get(seq) !== mac)) {
      throw new AppError(
        "CONFLICT",
        `The journal has another audit record in the place of one from ${first!.chain}.`,
      );
    }
    return records.slice(known.length);
  }

  return {
    get name() {
      return name ?? `journal:${id.value}`;
    },

    async append(records) {
      if (records.length === 0) return;
      const target = await openFile(records[0]!.chain);
      const rest = await missing(target, records);
      if (rest.length > 0) write(target, rest);
    },

    appendNow(records) {
      const [first] = records;
      if (first === undefined) return false;
      const target = open.get(first.chain);
      if (target === undefined || first.seq <= target.seq) return false;
      const { nlink, size } = fstatSync(target.file);
      if (nlink === 0) return false;
      target.found = size;
      write(target, records);
      return true;
    },

    async sync() {
      // What is written meanwhile waits for the next time.
      for (const target of Array.from(dirty)) {
        dirty.delete(target);
        try {
          await syncFile(target.file);
        } catch (error) {
          dirty.add(target);
          throw error;
        }
      }
    },

    chains: () => chainsIn(folder),

    async heads(from = "") {
      const heads: AuditHead[] = [];
      const chains = (await chainsIn(folder)).filter((chain) => chain >= from);
      for (const [index, chain] of chains.entries()) {
        if (index % PAUSE_EVERY === PAUSE_EVERY - 1) await pause();
        const head = reader.head(pathOf(chain));
        if (head !== null) heads.push({ chain, seq: head.seq, mac: head.mac });
      }
      return heads;
    },

    read: (chain, fromSeq, limit) => reader.read(pathOf(chain), fromSeq, limit),

    async *scan(chain): AsyncGenerator<AuditRecord | DamagedRecord> {
      for await (const { content } of readRecords(pathOf(chain))) yield content;
    },

    async cut(chain) {
      const path = pathOf(chain);
      const opened = open.get(chain);
      await rm(path, { force: true });
      reader.forget(path);
      syncFolder(folder);
      if (opened !== undefined) forget(chain, opened);
    },

    async close() {
      for (const [chain, target] of open) forget(chain, target);
    },
  };
}

/** One system call in all but the rarest cases. What a failed one has left is taken away, now or before the next. */
function writeWhole(target: OpenFile, bytes: Uint8Array): void {
  if (target.found !== target.size) ftruncateSync(target.file, target.size);
  try {
    for (let written = 0; written < bytes.length;) {
      written += writeSync(target.file, bytes, written);
    }
  } catch (error) {
    try {
      ftruncateSync(target.file, target.size);
    } catch {
      // The next append tries that again before it writes.
    }
    throw error;
  }
  target.size += bytes.length;
}

async function chainsIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter((chain) => isChainId(chain))
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Makes names survive a power cut, where the platform can do that. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Windows opens no folders.
  }
}
