// The search for an order (Wing and Gong, 1993; Lowe, 2017) in one part of a history, over typed arrays, resumable. Calls and
// returns stand in one doubly linked list in the order in which they happened. What is called before the first return that is
// left may be placed next; placing it takes its call and return out, going back puts them in again (Knuth's dancing links).
//
// A configuration is (first return left, placed ones of the operations open there, state). Operations have slots like cars in a
// car park, from call to return, so the set is as wide as the concurrency.

import { ConfigurationCache } from './configuration-cache.js';
import { dataKey } from './data-key.js';
import type { History } from './history.js';
import { type Answer, type Model, unknownResult } from './model.js';
import { Transitions } from './transitions.js';

/** An order was found; there is none; the steps are used up; the bound on configurations is reached. */
export type Progress = 'ok' | 'illegal' | 'more' | 'full';

/** What several searches share. */
export interface SearchBound {
  /** Configurations that may still be kept. */
  left: number;
}

/** A search for a linearization of some operations of a history. */
export class Search<State, Operation, Result> {
  /** Entries of the history that are searched, by number here. */
  readonly #entries: Int32Array;
  readonly #transitions: Transitions<State, Operation, Result>;
  readonly #cache: ConfigurationCache;
  readonly #bound: SearchBound;

  // By operation
  readonly #readOnly: Uint8Array;
  readonly #unknown: Uint8Array;
  readonly #twin: Int32Array;
  readonly #slot: Int32Array;
  readonly #rank: Int32Array;
  readonly #placed: Uint8Array;
  /** By rank of a return: the operation that returned. */
  readonly #byRank: Int32Array;

  // The list: nodes 0..n-1 are calls, n..2n-1 returns, 2n its head, 2n+1 its end
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  // The way from the start: operation, state before it, first return before it, whether there was no choice
  readonly #path: Int32Array;
  readonly #pathState: Int32Array;
  readonly #pathFrontier: Int32Array;
  readonly #pathForced: Uint8Array;
  #depth = 0;

  readonly #row: Int32Array;
  #state: number;
  #returns = 0;
  #frontier = 0;
  #furthest = 0;
  #cursor: number;
  #steps = 0;
  #finished: 'ok' | 'illegal' | undefined;

  /** @param indices of entries of `history` that took place or may have; it has been checked before */
  constructor(
    model: Model<State, Operation, Result>,
    history: History<Operation, Result>,
    indices: readonly number[],
    bound: SearchBound,
  ) {
    const searched = indices.filter((index) => {
      const { operation, outcome } = history[index]!;
      return outcome === 'ok' || (outcome === 'unknown' && model.readOnly?.(operation, unknownResult) !== true);
    });
    const count = searched.length;
    const operations = searched.map((index) => history[index]!.operation);
    const results = searched.map((index) => answerOf(history[index]!));
    this.#entries = Int32Array.from(searched);
    this.#transitions = new Transitions(model, operations, results);
    this.#bound = bound;
    this.#unknown = Uint8Array.from(results, (_, at) => Number(history[searched[at]!]!.outcome === 'unknown'));
    this.#readOnly = Uint8Array.from(results, (result, at) =>
      Number(this.#unknown[at] === 0 && model.readOnly?.(operations[at]!, result) === true),
    );

    this.#slot = new Int32Array(count);
    this.#rank = new Int32Array(count).fill(-1);
    this.#placed = new Uint8Array(count);
    this.#next = new Int32Array(2 * count + 2);
    this.#previous = new Int32Array(2 * count + 2);
    const events = orderedEvents(history, searched, this.#unknown);
    this.#byRank = new Int32Array(count);
    const width = this.#layOut(events, count);
    this.#twin = twins(operations, this.#unknown, events, count);

    this.#path = new Int32Array(count);
    this.#pathState = new Int32Array(count);
    this.#pathFrontier = new Int32Array(count);
    this.#pathForced = new Uint8Array(count);
    this.#row = new Int32Array(width + 2);
    this.#cache = new ConfigurationCache(width + 2);
    this.#state = this.#transitions.initial;
    this.#placeReads();
    this.#cursor = this.#next[2 * count]!;
  }

  /** Configurations that were kept. */
  get configurations(): number {
    return this.#cache.size;
  }

  /** Operations that were tried. */
  get steps(): number {
    return this.#steps;
  }

  /** Bytes of the cache. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  /** After `ok`: entries of the history in an order that explains them; unknown ones only as far as they are needed. */
  get order(): readonly number[] {
    return Array.from(this.#path.subarray(0, this.#depth), (operation) => this.#entries[operation]!);
  }

  /** The entry of the first return that no order got past; `undefined` when nothing returned. */
  get stuckAt(): number | undefined {
    return this.#furthest < this.#returns ? this.#entries[this.#byRank[this.#furthest]!] : undefined;
  }

  /** Links the events, numbers the returns, gives out the slots; the words that a set of slots takes. */
  #layOut(events: Int32Array, count: number): number {
    const free: number[] = [];
    let slots = 0;
    let last = 2 * count;
    for (const node of events) {
      this.#next[last] = node;
      this.#previous[node] = last;
      last = node;
      if (node < count) {
        this.#slot[node] = free.pop() ?? slots++;
      } else {
        const operation = node - count;
        free.push(this.#slot[operation]!);
        this.#rank[operation] = this.#returns;
        this.#byRank[this.#returns++] = operation;
      }
    }
    this.#next[last] = 2 * count + 1;
    this.#previous[2 * count + 1] = last;
    return (slots + 31) >>> 5;
  }

  /** Goes on for at most `steps` operations tried. */
  run(steps: number): Progress {
    if (this.#finished !== undefined) return this.#finished;
    const count = this.#entries.length;
    const next = this.#next;
    let left = steps;
    while (this.#frontier < this.#returns) {
      const node = this.#cursor;
      if (node >= count) {
        if (!this.#goBack()) return this.#finish('illegal');
        continue;
      }
      if (left-- === 0) return 'more';
      this.#steps++;
      this.#cursor = next[node]!;
      const twin = this.#twin[node]!;
      if (twin >= 0 && this.#placed[twin] === 0) continue;
      const state = this.#transitions.next(this.#state, node);
      if (state < 0 || (state === this.#state && this.#unknown[node] === 1)) continue;
      if (this.#bound.left <= 0) {
        this.#cursor = node;
        return 'full';
      }
      this.#place(node, state, 0);
      this.#placeReads();
      if (this.#isNew()) {
        this.#bound.left--;
        this.#furthest = Math.max(this.#furthest, this.#frontier);
        this.#cursor = next[2 * count]!;
      } else {
        this.#goBack();
      }
    }
    return this.#finish('ok');
  }

  #finish(verdict: 'ok' | 'illegal'): 'ok' | 'illegal' {
    this.#finished = verdict;
    return verdict;
  }

  #isNew(): boolean {
    const row = this.#row;
    row[row.length - 2] = this.#frontier;
    row[row.length - 1] = this.#state;
    return this.#cache.add(row);
  }

  /** Places every read that is possible now: it changes nothing, so whatever follows without it follows with it. */
  #placeReads(): void {
    const count = this.#entries.length;
    const next = this.#next;
    for (let node = next[2 * count]!; node < count; ) {
      const after = next[node]!;
      if (this.#readOnly[node] === 1 && this.#transitions.next(this.#state, node) === this.#state) {
        const return_ = node + count;
        const stepsOver = after === return_ ? next[return_]! : after;
        this.#place(node, this.#state, 1);
        node = stepsOver;
      } else {
        node = after;
      }
    }
  }

  #place(operation: number, state: number, forced: number): void {
    const depth = this.#depth++;
    this.#path[depth] = operation;
    this.#pathState[depth] = this.#state;
    this.#pathFrontier[depth] = this.#frontier;
    this.#pathForced[depth] = forced;
    this.#state = state;
    this.#placed[operation] = 1;
    this.#unlink(operation);
    const slot = this.#slot[operation]!;
    this.#row[slot >>> 5]! |= 1 << (slot & 31);
    if (this.#rank[operation]! < 0) return;
    this.#unlink(operation + this.#entries.length);
    while (this.#frontier < this.#returns) {
      const passed = this.#byRank[this.#frontier]!;
      if (this.#placed[passed] === 0) break;
      this.#flip(this.#slot[passed]!);
      this.#frontier++;
    }
  }

  /** Takes back the last choice and what followed from it; `false` when there was none. */
  #goBack(): boolean {
    const count = this.#entries.length;
    while (this.#depth > 0) {
      const depth = --this.#depth;
      const operation = this.#path[depth]!;
      while (this.#frontier > this.#pathFrontier[depth]!) this.#flip(this.#slot[this.#byRank[--this.#frontier]!]!);
      this.#flip(this.#slot[operation]!);
      if (this.#rank[operation]! >= 0) this.#relink(operation + count);
      this.#relink(operation);
      this.#placed[operation] = 0;
      this.#state = this.#pathState[depth]!;
      if (this.#pathForced[depth] === 1) continue;
      this.#cursor = this.#next[operation]!;
      return true;
    }
    return false;
  }

  #flip(slot: number): void {
    this.#row[slot >>> 5]! ^= 1 << (slot & 31);
  }

  #unlink(node: number): void {
    const before = this.#previous[node]!;
    const after = this.#next[node]!;
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #relink(node: number): void {
    this.#next[this.#previous[node]!] = node;
    this.#previous[this.#next[node]!] = node;
  }
}

function answerOf<Result>(entry: { readonly outcome: string; readonly result?: Result }): Answer<Result> {
  return entry.outcome === 'unknown' ? unknownResult : (entry.result as Result);
}

/** Calls (n) and returns (count + n) by position; at one position calls are first, so that what touches overlaps. */
function orderedEvents(history: History, searched: readonly number[], unknown: Uint8Array): Int32Array {
  const count = searched.length;
  const positions = new Float64Array(2 * count);
  const nodes: number[] = [];
  for (let at = 0; at < count; at++) {
    const entry = history[searched[at]!]!;
    positions[at] = entry.call;
    nodes.push(at);
    if (unknown[at] === 1) continue;
    positions[at + count] = entry.return!;
    nodes.push(at + count);
  }
  // By number where positions are equal: calls have the smaller numbers.
  return Int32Array.from(nodes).sort((a, b) => positions[a]! - positions[b]! || a - b);
}

/** For each unknown operation the one before it that asks for the same: they can be swapped, so that one goes first. */
function twins(operations: readonly unknown[], unknown: Uint8Array, events: Int32Array, count: number): Int32Array {
  const twin = new Int32Array(count).fill(-1);
  const last = new Map<string, number>();
  for (const node of events) {
    if (node >= count || unknown[node] === 0) continue;
    const key = dataKey(operations[node]);
    if (key === undefined) continue;
    twin[node] = last.get(key) ?? -1;
    last.set(key, node);
  }
  return twin;
}
