import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { encodingsOf } from "../helpers/encodings.ts";

export interface CanaryHit {
  /** Relative to the folder that was searched. */
  readonly file: string;
  readonly form: string;
  readonly around: string;
}

export interface CanarySearch {
  readonly files: number;
  readonly bytes: number;
  readonly hits: readonly CanaryHit[];
}

/** Looks into every file of a folder for texts in every form. */
export function searchFolder(folder: string, texts: readonly string[]): CanarySearch {
  const needles = texts.flatMap((text) => encodingsOf(Buffer.from(text)));
  const hits: CanaryHit[] = [];
  let files = 0;
  let bytes = 0;
  for (const path of filesIn(folder)) {
    const content = readFileSync(path);
    files++;
    bytes += content.length;
    for (const { form, bytes: needle } of needles) {
      for (let at = content.indexOf(needle); at >= 0; at = content.indexOf(needle, at + 1)) {
        const around = content.subarray(Math.max(0, at - 120), at + needle.length + 40);
        hits.push({ file: relative(folder, path), form, around: around.toString("latin1") });
      }
    }
  }
  return { files, bytes, hits };
}

/** Regular files alone: tests leave FIFOs and sockets, too, and links that lead out of the folder. */
function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}
