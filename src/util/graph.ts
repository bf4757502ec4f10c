/** Edges point from a node to what it needs. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the cycles of a graph, each once, as the path that closes it (`["a", "b", "a"]`). Edges to unknown nodes
 * are ignored. The order follows the graph's, so the answer is the same every time.
 */
export function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const path: string[] = [];
    const visit = (node: string): void => {
      const seenAt = path.indexOf(node);
      if (seenAt >= 0) {
        cycles.push([...path.slice(seenAt), node]);
        return;
      }
      if (done.has(node)) return;
      path.push(node);
      for (const next of graph.get(node) ?? []) if (graph.has(next)) visit(next);
      path.pop();
      done.add(node);
    };
    visit(start);
  }
  return cycles;
}
