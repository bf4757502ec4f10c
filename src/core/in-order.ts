/**
 * Runs `work` once for each id, each after the work of those that come before it. What has no such relation goes on at
 * the same time. Rejections of one hold up nobody: who comes after only waits for the end.
 *
 * @param before ids that come first; ids that are not among `ids` do not count. Must not lead in a circle.
 */
export async function inOrder(
  ids: Iterable<string>,
  before: (id: string) => readonly string[],
  work: (id: string) => Promise<void>,
): Promise<PromiseSettledResult<void>[]> {
  const wanted = new Set(ids);
  const begun = new Map<string, Promise<void>>();
  const run = (id: string): Promise<void> => {
    const known = begun.get(id);
    if (known !== undefined) return known;
    const earlier = before(id).filter((other) => wanted.has(other) && other !== id);
    const done = Promise.allSettled(earlier.map(run)).then(() => work(id));
    begun.set(id, done);
    return done;
  };
  return Promise.allSettled([...wanted].map(run));
}
