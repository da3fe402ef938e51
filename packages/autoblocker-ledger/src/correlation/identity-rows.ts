// Addresses that failed at one kind of thing and were never linked, which are most of all that a log shows: a row of 40 bytes
// each, and the events. Rows of all identities stand in one linked list in the order in which they were seen. O(1).

import type { EventKeeper, KeptEvent, SecurityEvent } from '../events/index.js';
import { faded, type KindScore } from './actor-score.js';

const rowsShift = 10;
const rowMask = (1 << rowsShift) - 1;
/** Places in a row, in 64-bit floats and in 32-bit words. */
const stride = { floats: 5, words: 10 };
const place = { score: 0, time: 1, placed: 2, count: 6, kind: 7, older: 8, newer: 9 };
const none = -1;
const maxKinds = 4096;

/** Rows of identities: their order, and what those failed at that are nothing more than a row. */
export class IdentityRows {
  readonly #keeper: EventKeeper;
  readonly #floats: Float64Array[] = [];
  readonly #words: Int32Array[] = [];
  readonly #events: (KeptEvent | KeptEvent[] | undefined)[] = [];
  readonly #free: number[] = [];
  #made = 0;
  #newest = none;
  readonly #kinds: { readonly domain: string; readonly kind: string }[] = [];
  readonly #kindNumbers = new Map<string, number>();
  /** The one asked for last. */
  #lastKind = none;
  /** The row that was quiet longest, or -1. */
  oldest = none;

  constructor(keeper: EventKeeper) {
    this.#keeper = keeper;
  }

  /** A new row, the newest. */
  add(time: number): number {
    const row = this.#free.pop() ?? this.#makeRow();
    this.#setWord(row, place.count, 0);
    this.#setWord(row, place.kind, none);
    this.#setFloat(row, place.placed, time);
    this.#append(row);
    return row;
  }

  /** Gives a row free. */
  remove(row: number): void {
    this.#unlink(row);
    this.#letGo(row);
    this.#free.push(row);
  }

  /** When a row was made the newest. */
  placed(row: number): number {
    return this.#float(row, place.placed);
  }

  makeNewest(row: number, time: number): void {
    this.#setFloat(row, place.placed, time);
    this.#unlink(row);
    this.#append(row);
  }

  /** Adds a failure to a row, unless it failed at something else before. */
  fail(row: number, event: SecurityEvent, weight: number, kept: number): boolean {
    const number = this.#kindOf(event);
    const known = this.#word(row, place.kind);
    if (number === none || (known !== none && known !== number)) return false;
    const before = known === none ? 0 : this.#float(row, place.score);
    const elapsedMs = known === none ? 0 : event.time - this.#float(row, place.time);
    this.#setFloat(row, place.score, faded(before, elapsedMs) + weight);
    if (known === none || elapsedMs > 0) this.#setFloat(row, place.time, event.time);
    this.#setWord(row, place.kind, number);
    this.#setWord(row, place.count, this.#word(row, place.count) + 1);
    this.#keep(row, event, kept);
    return true;
  }

  /** What a row failed at, which is the caller's from now on. */
  takeScores(row: number): KindScore[] {
    const number = this.#word(row, place.kind);
    if (number === none) return [];
    const events = this.#events[row];
    const count = this.#word(row, place.count);
    this.#events[row] = undefined;
    this.#setWord(row, place.kind, none);
    const list = Array.isArray(events) ? events : events === undefined ? [] : [events];
    const [score, time] = [this.#float(row, place.score), this.#float(row, place.time)];
    return [{ ...this.#kinds[number]!, score, time, count, events: list }];
  }

  #keep(row: number, event: SecurityEvent, kept: number): void {
    const events = this.#events[row];
    const fresh = this.#keeper.keep(event);
    if (events === undefined) this.#events[row] = fresh;
    else if (!Array.isArray(events)) this.#events[row] = [events, fresh];
    else {
      if (events.length === kept) this.#keeper.release(events.shift()!);
      events.push(fresh);
    }
  }

  #letGo(row: number): void {
    const events = this.#events[row];
    if (Array.isArray(events)) for (const one of events) this.#keeper.release(one);
    else if (events !== undefined) this.#keeper.release(events);
    this.#events[row] = undefined;
  }

  #kindOf({ domain, kind }: SecurityEvent): number {
    const last = this.#kinds[this.#lastKind];
    if (last !== undefined && last.kind === kind && last.domain === domain) return this.#lastKind;
    this.#lastKind = this.#numberOf(domain, kind);
    return this.#lastKind;
  }

  #numberOf(domain: string, kind: string): number {
    const name = `${domain} ${kind}`;
    const known = this.#kindNumbers.get(name);
    if (known !== undefined) return known;
    if (this.#kinds.length === maxKinds) return none;
    this.#kindNumbers.set(name, this.#kinds.length);
    return this.#kinds.push({ domain, kind }) - 1;
  }

  #makeRow(): number {
    const row = this.#made;
    this.#made += 1;
    if ((row & rowMask) === 0) {
      const memory = new ArrayBuffer(stride.words * 4 * (1 << rowsShift));
      this.#floats.push(new Float64Array(memory));
      this.#words.push(new Int32Array(memory));
    }
    return row;
  }

  #append(row: number): void {
    this.#setWord(row, place.older, this.#newest);
    this.#setWord(row, place.newer, none);
    if (this.#newest === none) this.oldest = row;
    else this.#setWord(this.#newest, place.newer, row);
    this.#newest = row;
  }

  #unlink(row: number): void {
    const [older, newer] = [this.#word(row, place.older), this.#word(row, place.newer)];
    if (older === none) this.oldest = newer;
    else this.#setWord(older, place.newer, newer);
    if (newer === none) this.#newest = older;
    else this.#setWord(newer, place.older, older);
  }

  #float(row: number, at: number): number {
    return this.#floats[row >>> rowsShift]![(row & rowMask) * stride.floats + at]!;
  }

  #setFloat(row: number, at: number, value: number): void {
    this.#floats[row >>> rowsShift]![(row & rowMask) * stride.floats + at] = value;
  }

  #word(row: number, at: number): number {
    return this.#words[row >>> rowsShift]![(row & rowMask) * stride.words + at]!;
  }

  #setWord(row: number, at: number, value: number): void {
    this.#words[row >>> rowsShift]![(row & rowMask) * stride.words + at] = value;
  }
}
