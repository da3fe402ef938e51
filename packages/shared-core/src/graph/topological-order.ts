// Topological order by Kahn's algorithm (1962) with a heap of ready nodes, and cycle finding by an explicit-stack
// depth-first search. Neither recurses, so depth is bounded by memory only.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { DirectedGraph } from './directed-graph.js';

/**
 * The nodes in an order in which every edge points forward; among ready nodes the smallest number comes first, so the
 * order is unique. O(V log V + E).
 *
 * @throws TenstripError `GraphCycle` with `details.cycle`, the nodes of one cycle, first = last.
 */
export function topologicalOrder(graph: DirectedGraph): Uint32Array {
  const { nodeCount, offsets, successors } = graph;
  const incoming = new Uint32Array(nodeCount);
  for (const to of successors) incoming[to]!++;
  const ready = new SmallestFirst(nodeCount);
  for (let node = 0; node < nodeCount; node++) if (incoming[node] === 0) ready.push(node);
  const order = new Uint32Array(nodeCount);
  let placed = 0;
  while (ready.size > 0) {
    const node = ready.pop();
    order[placed++] = node;
    for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++) {
      const to = successors[edge]!;
      if (--incoming[to]! === 0) ready.push(to);
    }
  }
  if (placed === nodeCount) return order;
  const cycle = findCycle(graph)!;
  throw new TenstripError<CoreErrorCode>(
    'GraphCycle',
    `the graph has a cycle: ${cycleText(cycle)}; remove one of these edges`,
    {
      details: { cycle: [...cycle] },
    },
  );
}

/** The nodes of one cycle in order, first = last, or `undefined` when the graph has none. O(V + E), no recursion. */
export function findCycle(graph: DirectedGraph): readonly number[] | undefined {
  const { nodeCount, offsets, successors } = graph;
  const unseen = 0;
  const open = 1;
  const closed = 2;
  const state = new Uint8Array(nodeCount);
  const nextEdge = offsets.slice(0, nodeCount);
  const path: number[] = [];
  for (let root = 0; root < nodeCount; root++) {
    if (state[root] !== unseen) continue;
    state[root] = open;
    path.push(root);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      if (nextEdge[node]! === offsets[node + 1]!) {
        state[node] = closed;
        path.pop();
        continue;
      }
      const to = successors[nextEdge[node]!++]!;
      if (state[to] === open) return [...path.slice(path.indexOf(to)), to];
      if (state[to] === unseen) {
        state[to] = open;
        path.push(to);
      }
    }
  }
  return undefined;
}

function cycleText(cycle: readonly number[]): string {
  const shown = 12;
  if (cycle.length <= shown) return cycle.join(' -> ');
  return `${cycle.slice(0, shown - 1).join(' -> ')} -> ... (${cycle.length - 1} nodes)`;
}

/** Binary min-heap of node numbers with room for each node once. */
class SmallestFirst {
  readonly #heap: Uint32Array;
  size = 0;

  constructor(capacity: number) {
    this.#heap = new Uint32Array(capacity);
  }

  push(node: number): void {
    const heap = this.#heap;
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (heap[parent]! <= node) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = node;
  }

  pop(): number {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap[--this.size]!;
    let hole = 0;
    for (let child = 1; child < this.size; child = 2 * hole + 1) {
      if (child + 1 < this.size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = last;
    return top;
  }
}
