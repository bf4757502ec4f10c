import { constants } from "node:fs";
import { mkdir, open, realpath, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { AuditAnchor, AuditHead } from "../../src/index.ts";
import { syncFolder } from "./credential-drivers/safe-files.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;
const MAC = /^[A-Za-z0-9_-]{43}$/;
const MAX_BYTES = 64 * 1_024 * 1_024;
const CHUNK = 64 * 1_024;
/** No head is as long. */
const MAX_LINE = 1_024;

export interface FileAnchorOptions {
  /** The file is written anew, with the latest head of each chain alone, when it is longer. */
  readonly maxBytes?: number;
  /** Puts a file in the place of another, at once. */
  readonly replace?: (from: string, to: string) => Promise<void>;
}

/**
 * Heads in a file of the operator's choosing, one line of JSON each, on disk before `anchor` resolves. It proves something
 * only where whoever can change the data folder cannot write: another volume, a share that can only be appended to. Where
 * nothing can be put in its place, it grows.
 */
export function createFileAnchor(
  path: string,
  { maxBytes = MAX_BYTES, replace = rename }: FileAnchorOptions = {},
): AuditAnchor {
  let compactAt = maxBytes;

  async function tryToCompact(size: number): Promise<void> {
    try {
      // Where there are so many chains that it stays long, that is not tried with each head.
      compactAt = Math.max(maxBytes, 2 * (await compact(path, replace)));
    } catch {
      compactAt = 2 * size;
    }
  }

  return {
    name: "anchor file",

    async anchor({ chain, seq, mac }) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, O_APPEND | O_CREAT | O_RDWR, 0o600);
      let size = 0;
      try {
        // Half a line that a full disk left must not swallow this one.
        const lead = (await endsWithin(file)) ? "\n" : "";
        await file.appendFile(`${lead}${JSON.stringify({ chain, seq, mac })}\n`);
        await file.sync();
        size = (await file.stat()).size;
      } finally {
        await file.close();
      }
      if (size > compactAt) await tryToCompact(size);
    },

    async heads() {
      const file = await openIfThere(path);
      if (file === null) return [];
      try {
        return (await readHeads(file)).heads;
      } finally {
        await file.close();
      }
    },
  };
}

/** Answers how long the file is then. */
async function compact(
  path: string,
  replace: (from: string, to: string) => Promise<void>,
): Promise<number> {
  // A link stays one: what it points to is on another disk.
  const target = await realpath(path);
  const draft = `${target}.${process.pid}.new`;
  const old = await open(target, O_RDONLY);
  try {
    const { heads, end } = await readHeads(old);
    const file = await open(draft, O_APPEND | O_CREAT | O_EXCL | O_RDWR, 0o600);
    try {
      await file.appendFile(toLines(heads));
      await file.sync();
      await replace(draft, target);
      await syncFolder(dirname(target));
      // What another process has added meanwhile.
      const late = await readHeads(old, end);
      if (late.heads.length > 0) {
        await file.appendFile(toLines(late.heads));
        await file.sync();
      }
      return (await file.stat()).size;
    } finally {
      await file.close();
      await rm(draft, { force: true });
    }
  } finally {
    await old.close();
  }
}

function toLines(heads: readonly AuditHead[]): string {
  return heads.map((head) => `${JSON.stringify(head)}\n`).join("");
}

/** The latest head of each chain, oldest chain first. Holds nothing else of the file. */
async function readHeads(
  file: FileHandle,
  from = 0,
): Promise<{ readonly heads: readonly AuditHead[]; readonly end: number }> {
  const latest = new Map<string, AuditHead>();
  const take = (line: string) => {
    const head = parseHead(line);
    if (head !== null && head.seq > (latest.get(head.chain)?.seq ?? 0)) {
      latest.set(head.chain, head);
    }
  };
  const chunk = Buffer.alloc(CHUNK);
  let end = from;
  let rest = "";
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, end);
    if (bytesRead === 0) break;
    end += bytesRead;
    const lines = (rest + chunk.toString("latin1", 0, bytesRead)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
    // What is as long begins as no head does, and is none to its end.
    if (rest.length > MAX_LINE) rest = rest.slice(0, MAX_LINE);
  }
  take(rest);
  return { heads: [...latest.values()].toSorted((a, b) => (a.chain < b.chain ? -1 : 1)), end };
}

/** Whether a file ends within a line. */
async function endsWithin(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== "\n";
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function parseHead(line: string): AuditHead | null {
  try {
    const { chain, seq, mac } = JSON.parse(line) as Partial<AuditHead>;
    const isHead =
      typeof chain === "string" &&
      Number.isSafeInteger(seq) &&
      typeof mac === "string" &&
      MAC.test(mac);
    return isHead ? { chain, seq: seq!, mac } : null;
  } catch {
    return null;
  }
}
