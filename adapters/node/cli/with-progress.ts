import type { Time } from "../../../src/index.ts";
import { systemTime } from "../runtime.ts";
import type { Report } from "./admin-api.ts";
import type { Output } from "./output.ts";
import { BETWEEN_DRAWINGS_MS, createProgressBar } from "./progress-bar.ts";

export interface ProgressOptions {
  readonly output: Pick<Output, "err" | "errIsTerminal">;
  /** What is being done. */
  readonly label: string;
  /** Whether the command speaks JSON: whoever reads that looks at no bar. */
  readonly json: boolean | undefined;
  readonly time?: Time;
}

/**
 * Shows on a terminal that work goes on, when it takes longer than a second: how much of it is done, where it reports that.
 * Nothing of it is left when the work has ended, and the work must print nothing itself.
 */
export async function withProgress<T>(
  { output, label, json = false, time = systemTime }: ProgressOptions,
  work: (report: Report) => Promise<T>,
): Promise<T> {
  if (!output.errIsTerminal || json) return work(() => {});
  const bar = createProgressBar({ label, write: output.err, now: () => time.elapsed() });
  let cancel = () => {};
  const tick = () => {
    bar.tick();
    cancel = time.after(BETWEEN_DRAWINGS_MS, tick);
  };
  tick();
  try {
    return await work(bar.report);
  } finally {
    cancel();
    bar.clear();
  }
}
