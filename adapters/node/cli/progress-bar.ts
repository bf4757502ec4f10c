/** Work that is done sooner shows no bar, in milliseconds. */
const PATIENCE_MS = 1_000;
export const BETWEEN_DRAWINGS_MS = 100;
const WIDTH = 30;
/** What turns while nobody knows how much there is to do. */
const TURNS = ["|", "/", "-", "\\"] as const;

interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface ProgressBar {
  readonly report: (progress: Progress) => void;
  /** To be called now and then, so that something moves also where nothing is reported. */
  tick(): void;
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
  let known: Progress | null = null;
  let turn = 0;
  const draw = (isLast: boolean) => {
    const time = now();
    if (write === null || time - begunAt < PATIENCE_MS) return;
    if (drawnAt !== null && time - drawnAt < BETWEEN_DRAWINGS_MS && !isLast) return;
    drawnAt = time;
    write(`\r${label} ${known === null ? TURNS[turn++ % TURNS.length] : toBar(known)}`);
  };
  return {
    report(progress) {
      known = progress;
      draw(progress.done >= progress.total);
    },
    tick: () => draw(false),
    clear() {
      // Back to the beginning of the line, and all of it erased.
      if (drawnAt !== null) write?.("\r\u001b[2K");
      drawnAt = null;
    },
  };
}

function toBar({ done, total }: Progress): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * WIDTH);
  const bar = "#".repeat(filled).padEnd(WIDTH, ".");
  return `[${bar}] ${Math.floor(share * 100)} % (${done}/${total})`;
}
