import { describe, expect, it } from 'vitest';
import { isTenstripError, type TenstripError } from '../../../src/errors/index.js';
import { directedGraph, findCycle, topologicalOrder } from '../../../src/graph/index.js';

describe('directedGraph', () => {
  it('stores successors row after row, in the order given', () => {
    const graph = directedGraph(4, [
      [2, 1],
      [0, 3],
      [2, 0],
      [2, 1],
    ]);
    expect([...graph.offsets]).toEqual([0, 1, 1, 4, 4]);
    expect([...graph.successors]).toEqual([3, 1, 0, 1]);
  });

  it('takes any iterable once', () => {
    function* edges(): Iterable<[number, number]> {
      yield [0, 1];
      yield [1, 2];
    }
    expect([...topologicalOrder(directedGraph(3, edges()))]).toEqual([0, 1, 2]);
    expect([...topologicalOrder(directedGraph(3, new Map([[2, 1]])))]).toEqual([0, 2, 1]);
  });

  it.each([[-1], [1.5], [2 ** 32], [Number.NaN]])('refuses %s nodes', (nodeCount) => {
    expect(() => directedGraph(nodeCount, [])).toThrow(RangeError);
  });

  it.each([
    [-1, 0],
    [0, 2],
    [0.5, 1],
    [Number.NaN, 0],
  ])('refuses the edge %s -> %s of a graph with two nodes', (from, to) => {
    expect(() => directedGraph(2, [[from, to]])).toThrow('the graph has nodes 0 to 1');
  });
});

describe('topologicalOrder', () => {
  it('orders a graph without edges by number, and no nodes as none', () => {
    expect([...topologicalOrder(directedGraph(3, []))]).toEqual([0, 1, 2]);
    expect([...topologicalOrder(directedGraph(0, []))]).toEqual([]);
  });

  it('names the cycle in code, message and details', () => {
    try {
      topologicalOrder(
        directedGraph(4, [
          [3, 0],
          [0, 1],
          [1, 2],
          [2, 0],
        ]),
      );
      expect.unreachable();
    } catch (error) {
      expect(isTenstripError(error, 'GraphCycle')).toBe(true);
      expect((error as TenstripError).details.cycle).toEqual([0, 1, 2, 0]);
      expect((error as TenstripError).message).toContain('0 -> 1 -> 2 -> 0');
    }
  });

  it('keeps the message short when the cycle is long, and has all of it in details', () => {
    const ring = directedGraph(
      1000,
      Array.from({ length: 1000 }, (_, node) => [node, (node + 1) % 1000] as const),
    );
    try {
      topologicalOrder(ring);
      expect.unreachable();
    } catch (error) {
      expect((error as TenstripError).message.length).toBeLessThan(200);
      expect((error as TenstripError).details.cycle).toHaveLength(1001);
    }
  });

  it('takes a path of a million nodes without recursion', () => {
    const count = 1_000_000;
    function* backwards(): Iterable<[number, number]> {
      for (let node = count - 1; node > 0; node--) yield [node, node - 1];
    }
    const path = directedGraph(count, backwards());
    expect(findCycle(path)).toBeUndefined();
    const order = topologicalOrder(path);
    expect(order.every((node, place) => node === count - 1 - place)).toBe(true);
  });
});

describe('findCycle', () => {
  it('finds a self-loop', () => {
    expect(findCycle(directedGraph(3, [[1, 1]]))).toEqual([1, 1]);
  });
});
