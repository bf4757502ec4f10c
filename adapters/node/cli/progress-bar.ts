/** Work that is done sooner shows no bar, in milliseconds. */
const PATIENCE_MS = 1_000;
const BETWEEN_DRAWINGS_MS = 100;
const WIDTH = 30;

export interface ProgressBar {
  readonly report: (progress: { readonly done: number; readonly total: number }) => void;
  /** Takes the bar away. */
  clear(): void;
}

export interface ProgressBarOptions {
  readonly label: string;
  /** Where it is drawn; `null` where there is no terminal, so that nothing is. */
  readonly write: ((text: string) => void) | null;
  readonly now: () => number;
}

/** A bar for work that takes longer than a second. */
export function createProgressBar({ label, write, now }: ProgressBarOptions): ProgressBar {
  const begunAt = now();
  let drawnAt: number | null = null;
  return {
    report({ done, total }) {
      const time = now();
      if (write === null || time - begunAt < PATIENCE_MS) return;
      if (drawnAt !== null && time - drawnAt < BETWEEN_DRAWINGS_MS && done < total) return;
      drawnAt = time;
      const share = total === 0 ? 1 : Math.min(done / total, 1);
      const filled = Math.round(share * WIDTH);
      const bar = "#".repeat(filled).padEnd(WIDTH, ".");
      write(`\r${label} [${bar}] ${Math.floor(share * 100)} % (${done}/${total})`);
    },
    clear() {
      // Back to the beginning of the line, and all of it erased.
      if (drawnAt !== null) write?.("\r\u001b[2K");
      drawnAt = null;
    },
  };
}
