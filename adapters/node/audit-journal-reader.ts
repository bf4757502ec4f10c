import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { parseAuditLine, type AuditRecord, type DamagedRecord } from "../../src/index.ts";

const CHUNK = 64 * 1_024;
const NEWLINE = 0x0a;
/** A place in the file is remembered for every so many records. */
const MARK_EVERY = 250;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A line of a journal, with its newline, and where the next one begins. */
export interface JournalLine {
  readonly content: AuditRecord | DamagedRecord;
  readonly bytes: Uint8Array;
  readonly end: number;
}

interface Mark {
  readonly seq: number;
  /** Where the record with this number begins. */
  readonly offset: number;
}

/** Reads journals without holding more of them than a chunk, and remembers where it was. */
export class JournalReader {
  readonly #marks = new Map<string, Mark[]>();

  forget(path: string): void {
    this.#marks.delete(path);
  }

  /** Records from `fromSeq` on, in the order of the file. What is no record is left out. */
  async read(path: string, fromSeq: number, limit: number): Promise<AuditRecord[]> {
    const marks = this.#marks.get(path) ?? [{ seq: Number.MIN_SAFE_INTEGER, offset: 0 }];
    this.#marks.set(path, marks);
    const start = marks.findLast(({ seq }) => seq <= fromSeq) ?? marks[0]!;
    const found: AuditRecord[] = [];
    if (limit <= 0) return found;
    for await (const { content, end } of readRecords(path, start.offset)) {
      if ("damage" in content) continue;
      const last = marks.at(-1)!;
      if (content.seq + 1 - Math.max(last.seq, 0) >= MARK_EVERY && end > last.offset) {
        marks.push({ seq: content.seq + 1, offset: end });
      }
      if (content.seq >= fromSeq) found.push(content);
      if (found.length === limit) break;
    }
    return found;
  }

  /** The last record of a file, whatever damage comes after it. */
  async head(path: string): Promise<AuditRecord | null> {
    const file = await openToRead(path);
    if (file === null) return null;
    try {
      let tail = Buffer.alloc(0);
      for (let offset = (await file.stat()).size; offset > 0;) {
        const length = Math.min(CHUNK, offset);
        offset -= length;
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
        tail = Buffer.concat([buffer.subarray(0, bytesRead), tail]);
        const record = lastRecordIn(tail, offset === 0);
        if (record !== null) return record;
      }
      return null;
    } finally {
      await file.close();
    }
  }
}

/** The lines of a journal from an offset on. A file that is not there has none. */
export async function* readRecords(path: string, offset = 0): AsyncGenerator<JournalLine> {
  const file = await openToRead(path);
  if (file === null) return;
  try {
    let rest = Buffer.alloc(0);
    let at = offset;
    for (;;) {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(CHUNK),
        0,
        CHUNK,
        at + rest.length,
      );
      if (bytesRead === 0) break;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        const bytes = rest.subarray(0, end + 1);
        at += bytes.length;
        rest = rest.subarray(end + 1);
        yield { content: toContent(bytes.subarray(0, end)), bytes, end: at };
      }
    }
    // No newline: a write that was interrupted, or a file that somebody has cut.
    if (rest.length > 0) {
      yield { content: { damage: "torn" }, bytes: rest, end: at + rest.length };
    }
  } finally {
    await file.close();
  }
}

function lastRecordIn(tail: Buffer, isWhole: boolean): AuditRecord | null {
  let end = tail.lastIndexOf(NEWLINE);
  while (end >= 0) {
    const before = end === 0 ? -1 : tail.lastIndexOf(NEWLINE, end - 1);
    if (before < 0 && !isWhole) return null;
    const content = toContent(tail.subarray(before + 1, end));
    if (!("damage" in content)) return content;
    end = before;
  }
  return null;
}

function toContent(line: Buffer): AuditRecord | DamagedRecord {
  const text = line.toString();
  // Bytes that are no UTF-8 become text that looks like others.
  const record = Buffer.from(text).equals(line) ? parseAuditLine(text) : null;
  return record ?? { damage: "unreadable" };
}

/** `null` when there is none. A link, a device or a pipe is none of ours. */
async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ELOOP") return null;
    throw error;
  }
}
