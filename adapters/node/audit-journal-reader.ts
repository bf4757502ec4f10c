import { closeSync, constants, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { parseAuditLine, type AuditRecord, type DamagedRecord } from "../../src/index.ts";

const CHUNK = 64 * 1_024;
/** Of the beginning or the end of a file, at first. */
const TAIL = 4 * 1_024;
const NEWLINE = 0x0a;
/** A place in the file is remembered for every so many records. */
const MARK_EVERY = 250;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const readChunk = promisify(read);

/** A line of a journal, and where the next one begins. */
interface JournalLine {
  readonly content: AuditRecord | DamagedRecord;
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
    const start = marks.findLast(({ seq }) => seq <= fromSeq) ?? marks[0]!;
    const found: AuditRecord[] = [];
    if (limit <= 0) return found;
    // How a chain begins and ends is what is asked for most, of many chains.
    const one = limit === 1 ? (fromSeq === 1 ? this.#first(path) : this.head(path)) : null;
    if (one?.seq === fromSeq) return [one];
    this.#marks.set(path, marks);
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

  /** The last record of a file, whatever damage comes after it. Synchronous: a file takes 50 µs, through the thread pool 500. */
  head(path: string): AuditRecord | null {
    return withFile(path, (file) => {
      const { size } = fstatSync(file);
      for (let length = Math.min(TAIL, size); ; length = Math.min(length * 4, size)) {
        const tail = Buffer.alloc(length);
        const record = lastRecordIn(
          tail.subarray(0, readSync(file, tail, 0, length, size - length)),
          length === size,
        );
        if (record !== null || length === size) return record;
      }
    });
  }

  /** The record in the first line, if that is short. */
  #first(path: string): AuditRecord | null {
    return withFile(path, (file) => {
      const start = Buffer.alloc(TAIL);
      const end = start.subarray(0, readSync(file, start, 0, TAIL, 0)).indexOf(NEWLINE);
      const content = end < 0 ? null : toContent(start.subarray(0, end));
      return content === null || "damage" in content ? null : content;
    });
  }
}

/** The lines of a journal from an offset on. A file that is not there has none. */
export async function* readRecords(path: string, offset = 0): AsyncGenerator<JournalLine> {
  const file = openToRead(path);
  if (file === null) return;
  try {
    let rest = Buffer.alloc(0);
    let at = offset;
    for (;;) {
      const { buffer, bytesRead } = await readChunk(
        file,
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
        yield { content: toContent(bytes.subarray(0, end)), end: at };
      }
    }
    // No newline: a write that was interrupted, or a file that somebody has cut.
    if (rest.length > 0) {
      yield { content: { damage: "torn" }, end: at + rest.length };
    }
  } finally {
    closeSync(file);
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

function withFile<T>(path: string, work: (file: number) => T): T | null {
  const file = openToRead(path);
  if (file === null) return null;
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}

/** `null` when there is none. A link, a device or a pipe is none of ours. */
function openToRead(path: string): number | null {
  try {
    const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ELOOP") return null;
    throw error;
  }
}
