import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTenstripError } from '../../../src/errors/index.js';
import { directedGraph, findCycle, topologicalOrder } from '../../../src/graph/index.js';

type Edge = readonly [number, number];

const graph = fc.integer({ min: 1, max: 9 }).chain((nodeCount) =>
  fc.record({
    nodeCount: fc.constant(nodeCount),
    edges: fc.array(fc.tuple(fc.nat(nodeCount - 1), fc.nat(nodeCount - 1)), { maxLength: 2 * nodeCount }),
  }),
);

/** Which nodes can be reached from which, by Warshall's closure: what a cycle is, by definition. */
function reachable(nodeCount: number, edges: readonly Edge[]): boolean[][] {
  const reach = Array.from({ length: nodeCount }, (_, from) =>
    Array.from({ length: nodeCount }, (_, to) => edges.some(([a, b]) => a === from && b === to)),
  );
  for (let via = 0; via < nodeCount; via++) {
    for (const row of reach) {
      if (row[via]) for (let to = 0; to < nodeCount; to++) row[to] ||= reach[via]![to]!;
    }
  }
  return reach;
}

/** The order by its definition: again and again the smallest node none of whose predecessors is left. */
function naiveOrder(nodeCount: number, edges: readonly Edge[]): number[] {
  const left = new Set(Array.from({ length: nodeCount }, (_, node) => node));
  const order: number[] = [];
  while (left.size > 0) {
    const next = [...left].find((node) => !edges.some(([from, to]) => to === node && left.has(from)))!;
    left.delete(next);
    order.push(next);
  }
  return order;
}

describe('topological order and cycles', () => {
  it('agree with the definitions on every graph', () => {
    fc.assert(
      fc.property(graph, ({ nodeCount, edges }) => {
        const built = directedGraph(nodeCount, edges);
        const isCyclic = reachable(nodeCount, edges).some((row, node) => row[node]);
        if (isCyclic) {
          expect(() => topologicalOrder(built)).toThrow(
            expect.toSatisfy((error) => isTenstripError(error, 'GraphCycle')),
          );
        } else {
          expect(findCycle(built)).toBeUndefined();
          expect([...topologicalOrder(built)]).toEqual(naiveOrder(nodeCount, edges));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a found cycle is one: it follows edges, ends where it began, and no node comes twice in between', () => {
    fc.assert(
      fc.property(graph, ({ nodeCount, edges }) => {
        const cycle = findCycle(directedGraph(nodeCount, edges));
        fc.pre(cycle !== undefined);
        expect(cycle!.length).toBeGreaterThanOrEqual(2);
        expect(cycle!.at(-1)).toBe(cycle![0]);
        expect(new Set(cycle).size).toBe(cycle!.length - 1);
        for (let place = 1; place < cycle!.length; place++) {
          expect(edges).toContainEqual([cycle![place - 1], cycle![place]]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
