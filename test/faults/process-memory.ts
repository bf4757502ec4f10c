import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const CHUNK = 16 * 1024 * 1024;
const PAGE = 4096;
const PAGE_ENTRY = 8;

export interface MemoryScan {
  readonly scannedBytes: number;
  /** How often each needle was found. */
  readonly copies: readonly number[];
}

/**
 * Counts byte strings in all writable memory of a process, as the kernel shows it (`/proc/<pid>/mem`): heap, stacks, buffers,
 * and what was freed and not overwritten.
 */
export function scanProcessMemory(pid: number, needles: readonly Uint8Array[]): MemoryScan {
  const copies = needles.map(() => 0);
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1;
  const buffer = Buffer.alloc(CHUNK + overlap);
  let scannedBytes = 0;
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const pages = openSync(`/proc/${pid}/pagemap`, "r");
  try {
    for (const region of writableRegions(pid).flatMap((all) => usedParts(pages, all))) {
      scannedBytes += scanRegion(memory, region, buffer, needles, copies);
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
  return { scannedBytes, copies };
}

interface Region {
  readonly from: number;
  readonly size: number;
}

function writableRegions(pid: number): Region[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [range = "", modes = ""] = line.split(" ");
      const [from = "", to = ""] = range.split("-");
      if (!modes.startsWith("rw") || /\[v(var|syscall|dso)/.test(line)) return [];
      const start = Number.parseInt(from, 16);
      return [{ from: start, size: Number.parseInt(to, 16) - start }];
    });
}

/** The parts that were ever written to, in memory or swapped out: most of what is reserved never was. */
function usedParts(pages: number, { from, size }: Region): Region[] {
  const entries = Buffer.alloc((size / PAGE) * PAGE_ENTRY);
  // What is not told counts as used.
  entries.fill(0xff);
  for (let done = 0, read = 1; done < entries.length && read > 0; done += read) {
    const position = (from / PAGE) * PAGE_ENTRY + done;
    read = readSync(pages, entries, done, entries.length - done, position);
  }
  const parts: { from: number; size: number }[] = [];
  for (let at = 0; at < size; at += PAGE) {
    // The two highest bits of 64.
    const isUsed = entries[(at / PAGE) * PAGE_ENTRY + PAGE_ENTRY - 1]! >= 0x40;
    const last = parts.at(-1);
    if (!isUsed) continue;
    if (last !== undefined && last.from + last.size === from + at) last.size += PAGE;
    else parts.push({ from: from + at, size: PAGE });
  }
  return parts;
}

function scanRegion(
  memory: number,
  { from, size }: Region,
  buffer: Buffer,
  needles: readonly Uint8Array[],
  copies: number[],
): number {
  const overlap = buffer.length - CHUNK;
  let kept = 0;
  let scanned = 0;
  for (let offset = 0; offset < size; offset += CHUNK) {
    const wanted = Math.min(CHUNK, size - offset);
    const read = readAt(memory, buffer, kept, wanted, from + offset);
    // Pages that were never touched cannot be read.
    if (read === 0) {
      kept = 0;
      continue;
    }
    scanned += read;
    const part = buffer.subarray(0, kept + read);
    needles.forEach((needle, index) => {
      // What lay wholly in the part that was kept has been counted.
      for (let at = part.indexOf(needle); at >= 0; at = part.indexOf(needle, at + 1)) {
        if (at + needle.length > kept) copies[index]! += 1;
      }
    });
    kept = Math.min(overlap, part.length);
    part.copyWithin(0, part.length - kept);
  }
  return scanned;
}

function readAt(
  memory: number,
  buffer: Buffer,
  at: number,
  length: number,
  position: number,
): number {
  try {
    return readSync(memory, buffer, at, length, position);
  } catch {
    return 0;
  }
}
