/** Edges point from a node to what it needs. Edges to unknown nodes lead nowhere. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/**
 * The shortest way from a node along the edges to `to`, both ends included, or `null`. From a node to itself it is
 * the cycle that the node lies on (`["a", "b", "a"]`). Of equally short ways it is the first in the graph's order.
 */
export function findPath(graph: Graph, from: string, to: string): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === to) return [...wayTo(node, from, cameFrom), to];
      if (next === from || cameFrom.has(next) || !graph.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return null;
}

/** The nodes from which the edges lead to a cycle. In a graph without one there are none, which costs one look at each. */
export function findEndless(graph: Graph): Set<string> {
  const needed = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const [node, edges] of graph) {
    const known = edges.filter((next) => graph.has(next));
    open.set(node, known.length);
    for (const next of known) needed.set(next, [...(needed.get(next) ?? []), node]);
  }
  const ended = [...open].filter(([, count]) => count === 0).map(([node]) => node);
  for (const node of ended) {
    open.delete(node);
    for (const user of needed.get(node) ?? []) {
      const left = open.get(user)! - 1;
      open.set(user, left);
      if (left === 0) ended.push(user);
    }
  }
  return new Set(open.keys());
}

function wayTo(node: string, from: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [node];
  for (let at = node; at !== from;) {
    at = cameFrom.get(at)!;
    way.unshift(at);
  }
  return way;
}
