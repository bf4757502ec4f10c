import { constants } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { AuditAnchor, AuditHead } from "../../src/index.ts";

const { O_APPEND, O_CREAT, O_RDWR } = constants;
const MAC = /^[A-Za-z0-9_-]{43}$/;

/**
 * Heads in a file of the operator's choosing, one line of JSON each, on disk before `anchor` resolves. It proves something
 * only where whoever can change the data folder cannot write: another volume, a share that can only be appended to.
 */
export function createFileAnchor(path: string): AuditAnchor {
  return {
    name: "anchor file",

    async anchor({ chain, seq, mac }) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(path, O_APPEND | O_CREAT | O_RDWR, 0o600);
      try {
        // Half a line that a full disk left must not swallow this one.
        const lead = (await endsWithin(file)) ? "\n" : "";
        await file.appendFile(`${lead}${JSON.stringify({ chain, seq, mac })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },

    async heads() {
      const latest = new Map<string, AuditHead>();
      for (const line of (await readText(path)).split("\n")) {
        const head = parseHead(line);
        if (head !== null && head.seq > (latest.get(head.chain)?.seq ?? 0)) {
          latest.set(head.chain, head);
        }
      }
      return [...latest.values()].toSorted((a, b) => (a.chain < b.chain ? -1 : 1));
    },
  };
}

/** Whether a file ends within a line. */
async function endsWithin(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== "\n";
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
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
