import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findEndless, findPath, type Graph } from "../../src/util/graph.ts";

const graphOf = (edges: Record<string, string[]>): Graph => new Map(Object.entries(edges));

const NAMES = ["a", "b", "c", "d", "e"];
const anyGraph = fc
  .tuple(...NAMES.map(() => fc.subarray(NAMES)))
  .map((edges): Graph => new Map(NAMES.map((name, index) => [name, edges[index]!])));

describe("findPath", () => {
  it.each([
    { what: "one edge", edges: { a: ["b"], b: [] }, from: "a", to: "b", path: ["a", "b"] },
    {
      what: "the shorter of two ways",
      edges: { a: ["b", "c"], b: ["c"], c: ["d"], d: [] },
      from: "a",
      to: "d",
      path: ["a", "c", "d"],
    },
    { what: "no way", edges: { a: [], b: ["a"] }, from: "a", to: "b", path: null },
    { what: "an edge to itself", edges: { a: ["a"] }, from: "a", to: "a", path: ["a", "a"] },
    {
      what: "the cycle that a node lies on",
      edges: { a: ["b"], b: ["c"], c: ["a"] },
      from: "b",
      to: "b",
      path: ["b", "c", "a", "b"],
    },
    {
      what: "no cycle for a node that only leads to one",
      edges: { x: ["a"], a: ["b"], b: ["a"] },
      from: "x",
      to: "x",
      path: null,
    },
    {
      what: "no way through a node that the graph does not have",
      edges: { a: ["gone"] },
      from: "a",
      to: "a",
      path: null,
    },
  ])("finds $what", ({ edges, from, to, path }) => {
    expect(findPath(graphOf(edges as Record<string, string[]>), from, to)).toEqual(path);
  });

  it("finds a cycle for exactly the nodes that can reach themselves, along real edges", () => {
    fc.assert(
      fc.property(anyGraph, fc.constantFrom(...NAMES), (graph, node) => {
        const path = findPath(graph, node, node);
        expect(path !== null).toBe(reachable(graph, node).has(node));
        if (path === null) return;
        expect([path[0], path.at(-1)]).toEqual([node, node]);
        for (const [index, step] of path.slice(1).entries()) {
          expect(graph.get(path[index]!)).toContain(step);
        }
      }),
    );
  });
});

describe("findEndless", () => {
  it.each([
    ["no graph", {}, []],
    ["a tree", { a: ["b", "c"], b: ["c"], c: [] }, []],
    ["unknown nodes", { a: ["gone"] }, []],
    ["an edge that stands there twice", { a: ["b", "b"], b: [] }, []],
    ["a cycle and what leads to it", { x: ["a"], a: ["b"], b: ["a", "y"], y: [] }, ["x", "a", "b"]],
  ])("in %s", (_what, edges, endless) => {
    expect([...findEndless(graphOf(edges as Record<string, string[]>))]).toEqual(endless);
  });

  it("finds exactly the nodes from which a cycle can be reached", () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const onCycle = new Set(NAMES.filter((name) => reachable(graph, name).has(name)));
        const leads = NAMES.filter((name) =>
          [name, ...reachable(graph, name)].some((node) => onCycle.has(node)),
        );
        expect([...findEndless(graph)]).toEqual(leads);
      }),
    );
  });
});

function reachable(graph: Graph, from: string): Set<string> {
  const found = new Set<string>();
  const queue = [...(graph.get(from) ?? [])];
  for (const node of queue) {
    if (found.has(node)) continue;
    found.add(node);
    queue.push(...(graph.get(node) ?? []));
  }
  return found;
}
