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

// A node's record: eight integers beside one another, so that a question costs one cache line for each of its two nodes.
const width = 8;
/** The least node of its class; -1 while it is marked. */
const classAt = 0;
/** Of a class: where its run begins, and how long it is. */
const startAt = 1;
const lengthAt = 2;
/** Of a class. */
const rankAt = 3;
/** Of a class: 128 bits, one set for each class that it reaches, by hash: where a bit is missing, nothing has to be searched. */
const signatureAt = 4;
const signatureWords = 4;
const marked = -1;

/** The reach of every node in one direction. */
export class Reachability implements GraphReader {
  readonly direction: Direction;
  readonly #graph: OrderGraph;
  #records = new Int32Array(64 * width);
  /** All runs: keys of the classes that a class reaches, its own included. */
  #pool = new Float64Array(1024);
  #used = 0;
  /** Part of what is used that belongs to no class any more. */
  #wasted = 0;
  readonly #members = new Map<number, readonly number[]>();

  constructor(graph: OrderGraph, direction: Direction) {
    this.#graph = graph;
    this.direction = direction;
    graph.addReader(this);
  }

  nodeAdded(node: number): void {
    if ((node + 1) * width > this.#records.length) this.#growRecords();
    this.#records[node * width + classAt] = marked;
  }

  reachChanged(node: number): void {
    const back: Direction = this.direction === 'up' ? 'down' : 'up';
    if (!this.#mark(node)) return;
    const waiting = [node];
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      for (const next of this.#graph.neighbours(each, back)) if (this.#mark(next)) waiting.push(next);
    }
  }

  /** Forgets what a node reaches. @returns whether it was known */
  #mark(node: number): boolean {
    const at = node * width;
    if (this.#records[at + classAt] === marked) return false;
    this.#records[at + classAt] = marked;
    this.#wasted += this.#records[at + lengthAt]!;
    this.#records[at + lengthAt] = 0;
    this.#members.delete(node);
    return true;
  }

  /** The least node of the class of `node`. */
  classOf(node: number): number {
    if (this.#records[node * width + classAt] === marked) this.#rebuild(node);
    return this.#records[node * width + classAt]!;
  }

  /** The nodes equivalent to `node`, ascending. */
  members(node: number): readonly number[] {
    const least = this.classOf(node);
    return this.#members.get(least) ?? [least];
  }

  /** The keys of the classes that `node` reaches, ascending, its own last. Valid until a run is made. */
  run(node: number): Float64Array {
    return this.#runOf(this.classOf(node));
  }

  #runOf(least: number): Float64Array {
    const at = least * width;
    const start = this.#records[at + startAt]!;
    return this.#pool.subarray(start, start + this.#records[at + lengthAt]!);
  }

  /** Whether `from` reaches `to`. O(log of what `from` reaches). */
  reaches(from: number, to: number): boolean {
    let records = this.#records;
    if (records[from * width + classAt] === marked || records[to * width + classAt] === marked) {
      this.classOf(from);
      this.classOf(to);
      records = this.#records;
    }
    const fromAt = records[from * width + classAt]! * width;
    const toClass = records[to * width + classAt]!;
    const hash = hashOf(toClass);
    if ((records[fromAt + signatureAt + wordOf(hash)]! & bitOf(hash)) === 0) return false;
    const wanted = records[toClass * width + rankAt]! * nodeRange + toClass;
    const pool = this.#pool;
    // The last key that is not above the wanted one. Halving without a branch: which half it is cannot be foretold.
    let at = records[fromAt + startAt]!;
    for (let length = records[fromAt + lengthAt]!; length > 1; ) {
      const half = length >>> 1;
      at += half & -((pool[at + half]! <= wanted) as unknown as number);
      length -= half;
    }
    return pool[at] === wanted;
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
        if (this.#records[next * width + classAt] !== marked) continue;
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
    for (const member of members) this.#records[member * width + classAt] = least;
    if (members.length > 1) this.#members.set(least, members);
    const beyond: Float64Array[] = [];
    const seen = new Set<number>();
    let rank = 0;
    const signature = [0, 0, 0, 0];
    const own = hashOf(least);
    signature[wordOf(own)]! |= bitOf(own);
    for (const member of members) {
      for (const next of this.#graph.neighbours(member, this.direction)) {
        const nextClass = this.#records[next * width + classAt]!;
        if (nextClass === least || seen.has(nextClass)) continue;
        seen.add(nextClass);
        beyond.push(this.#runOf(nextClass));
        rank = Math.max(rank, this.#records[nextClass * width + rankAt]! + 1);
        const there = nextClass * width + signatureAt;
        for (let word = 0; word < signatureWords; word += 1) signature[word]! |= this.#records[there + word]!;
      }
    }
    const run = mergeRuns(beyond, rank * nodeRange + least);
    const at = least * width;
    this.#records[at + startAt] = this.#append(run);
    this.#records[at + lengthAt] = run.length;
    this.#records[at + rankAt] = rank;
    this.#records.set(signature, at + signatureAt);
  }

  /** Puts a run into the pool. @returns where */
  #append(run: Float64Array): number {
    if (this.#used + run.length > this.#pool.length) this.#makeRoom(run.length);
    const start = this.#used;
    this.#pool.set(run, start);
    this.#used += run.length;
    return start;
  }

  /** Moves what is in use together; into a larger pool unless half of it was waste. */
  #makeRoom(more: number): void {
    const live = this.#used - this.#wasted;
    const pool = new Float64Array(Math.max(this.#pool.length, 2 * (live + more)));
    let used = 0;
    for (let node = 0; node < this.#graph.nodes; node += 1) {
      const at = node * width;
      const length = this.#records[at + lengthAt]!;
      if (length === 0) continue;
      const start = this.#records[at + startAt]!;
      pool.set(this.#pool.subarray(start, start + length), used);
      this.#records[at + startAt] = used;
      used += length;
    }
    this.#pool = pool;
    this.#used = used;
    this.#wasted = 0;
  }

  #growRecords(): void {
    const records = new Int32Array(this.#records.length * 2);
    assert(records.length <= nodeRange, 'an order has at most 2^28 nodes');
    records.set(this.#records);
    this.#records = records;
  }
}

/** Where in a signature a class is: seven bits, two for the word and five for the bit. */
function hashOf(least: number): number {
  return Math.imul(least, 0x9e3779b1) >>> 25;
}

function wordOf(hash: number): number {
  return hash >>> 5;
}

function bitOf(hash: number): number {
  return 1 << (hash & 31);
}

/** The node of a key. */
export function nodeOfKey(key: number): number {
  return key % nodeRange;
}

/** The ascending union of some runs, and `last`, which is above all of them. */
function mergeRuns(runs: Float64Array[], last: number): Float64Array {
  runs.sort((a, b) => b.length - a.length);
  let merged = runs[0] ?? new Float64Array(0);
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
