/** Runs jobs, so many at a time: most of a fault's time is spent waiting for what is dead. */
export async function inLanes<T>(
  jobs: readonly T[],
  lanes: number,
  work: (job: T) => Promise<void>,
): Promise<void> {
  const left = [...jobs];
  const lane = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
