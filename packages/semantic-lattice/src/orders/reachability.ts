// What is above (or below) each element, as sorted runs, built when first asked for and rebuilt where a change reached.
//
// A change of the pair u < v changes what is above u and above everything below u, and of nothing else. Those nodes are marked, which
// costs a visit each and stops at marked ones; their runs are made anew when one of them is asked for, by Tarjan's components ("Depth-
// first search and linear graph algorithms", 1972) over the marked part alone. A cycle is one class, and its least node stands for it.
//
// A run holds keys, rank * 2^31 + node, in ascending order. A class's rank is the longest way to an end of the order, so a run is
// sorted topologically, the same in all runs, and common bounds come out of one merge with the nearest last.

import { assert } from '@tenstrip/shared-core';
import type { Direction, GraphReader, OrderGraph } from './order-graph.js';

const nodeRange = 2 ** 31;
const noRun = new Float64Array(0);

/** The reach of every node in one direction. */
export class Reachability implements GraphReader {
  readonly direction: Direction;
  readonly #graph: OrderGraph;
  /** By node: its class's least node. Valid where the node is not marked. */
  #class = new Int32Array(64);
  /** By a class's least node: its key. */
  #key = new Float64Array(64);
  /** By a class's least node: keys of all classes that it reaches, its own included. */
  readonly #run: Float64Array[] = [];
  readonly #members = new Map<number, readonly number[]>();
  #marked = new Uint8Array(64);

  constructor(graph: OrderGraph, direction: Direction) {
    this.#graph = graph;
    this.direction = direction;
    graph.addReader(this);
  }

  nodeAdded(node: number): void {
    if (node >= this.#class.length) this.#grow();
    this.#class[node] = node;
    this.#marked[node] = 1;
    this.#run.push(noRun);
  }

  reachChanged(node: number): void {
    const back: Direction = this.direction === 'up' ? 'down' : 'up';
    if (this.#marked[node] === 1) return;
    this.#marked[node] = 1;
    const waiting = [node];
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      this.#run[each] = noRun;
      this.#members.delete(each);
      for (const next of this.#graph.neighbours(each, back)) {
        if (this.#marked[next] === 1) continue;
        this.#marked[next] = 1;
        waiting.push(next);
      }
    }
  }

  /** The least node of the class of `node`. */
  classOf(node: number): number {
    if (this.#marked[node] === 1) this.#rebuild(node);
    return this.#class[node]!;
  }

  /** The nodes equivalent to `node`, ascending. */
  members(node: number): readonly number[] {
    const least = this.classOf(node);
    return this.#members.get(least) ?? [least];
  }

  /** The keys of the classes that `node` reaches, ascending, its own last. */
  run(node: number): Float64Array {
    return this.#run[this.classOf(node)]!;
  }

  /** Whether `from` reaches `to`. O(log of what `from` reaches). */
  reaches(from: number, to: number): boolean {
    if (this.#marked[from] === 1) this.#rebuild(from);
    if (this.#marked[to] === 1) this.#rebuild(to);
    const run = this.#run[this.#class[from]!]!;
    const wanted = this.#key[this.#class[to]!]!;
    let low = 0;
    let high = run.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (run[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return run[low] === wanted;
  }

  /** Makes the runs of `root` and of every marked node that it reaches. Iterative: an order may be a long chain. */
  #rebuild(root: number): void {
    const index = new Map<number, number>();
    const low = new Map<number, number>();
    const component: number[] = [];
    const inComponent = new Set<number>();
    const path: { node: number; next: number }[] = [];
    const enter = (node: number) => {
      index.set(node, index.size);
      low.set(node, index.size - 1);
      component.push(node);
      inComponent.add(node);
      path.push({ node, next: 0 });
    };
    enter(root);
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { node } = frame;
      const neighbours = this.#graph.neighbours(node, this.direction);
      if (frame.next < neighbours.length) {
        const next = neighbours[frame.next++]!;
        if (this.#marked[next] === 0) continue;
        if (!index.has(next)) enter(next);
        else if (inComponent.has(next)) low.set(node, Math.min(low.get(node)!, index.get(next)!));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low.set(parent.node, Math.min(low.get(parent.node)!, low.get(node)!));
      if (low.get(node) !== index.get(node)) continue;
      const members: number[] = [];
      for (let member = -1; member !== node; ) {
        member = component.pop()!;
        inComponent.delete(member);
        members.push(member);
      }
      this.#finish(members);
    }
  }

  /** Gives a class its run: all that it leads to directly is finished. */
  #finish(members: number[]): void {
    if (members.length > 1) members.sort((a, b) => a - b);
    const least = members[0]!;
    for (const member of members) {
      this.#class[member] = least;
      this.#marked[member] = 0;
    }
    if (members.length > 1) this.#members.set(least, members);
    const beyond: Float64Array[] = [];
    const seen = new Set<number>();
    let rank = 0;
    for (const member of members) {
      for (const next of this.#graph.neighbours(member, this.direction)) {
        const nextClass = this.#class[next]!;
        if (nextClass === least || seen.has(nextClass)) continue;
        seen.add(nextClass);
        beyond.push(this.#run[nextClass]!);
        rank = Math.max(rank, Math.floor(this.#key[nextClass]! / nodeRange) + 1);
      }
    }
    const key = rank * nodeRange + least;
    this.#key[least] = key;
    this.#run[least] = mergeRuns(beyond, key);
  }

  #grow(): void {
    const size = this.#class.length * 2;
    assert(size <= nodeRange, 'an order has at most 2^31 nodes');
    this.#class = copied(this.#class, new Int32Array(size));
    this.#key = copied(this.#key, new Float64Array(size));
    this.#marked = copied(this.#marked, new Uint8Array(size));
  }
}

/** The node of a key. */
export function nodeOfKey(key: number): number {
  return key % nodeRange;
}

/** The ascending union of some runs, and `last`, which is above all of them. */
function mergeRuns(runs: Float64Array[], last: number): Float64Array {
  runs.sort((a, b) => b.length - a.length);
  let merged = runs[0] ?? noRun;
  for (let i = 1; i < runs.length; i += 1) merged = mergeTwo(merged, runs[i]!);
  const run = new Float64Array(merged.length + 1);
  run.set(merged);
  run[merged.length] = last;
  return run;
}

function mergeTwo(a: Float64Array, b: Float64Array): Float64Array {
  const merged = new Float64Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let length = 0;
  while (i < a.length && j < b.length) {
    const left = a[i]!;
    const right = b[j]!;
    if (left <= right) {
      i += 1;
      if (left === right) j += 1;
      merged[length++] = left;
    } else {
      j += 1;
      merged[length++] = right;
    }
  }
  while (i < a.length) merged[length++] = a[i++]!;
  while (j < b.length) merged[length++] = b[j++]!;
  return merged.subarray(0, length);
}

function copied<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
