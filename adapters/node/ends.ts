/** What has been begun and must be ended, in the order it was begun. */
export type Ends = (() => unknown)[];

/** Ends what was begun, the last first. All of it, even when one end fails; then rejects with the first failure. */
export async function endInReverse(ends: Ends): Promise<void> {
  const failures: unknown[] = [];
  // Time limits keep no process alive (`systemTime`). Without this, one plugin whose `stop` waits for nothing would end
  // the process before the others were stopped.
  const alive = setInterval(() => {}, 60_000);
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  clearInterval(alive);
  if (failures.length > 0) throw failures[0];
}
