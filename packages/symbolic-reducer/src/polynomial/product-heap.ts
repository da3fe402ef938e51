// Johnson's heap over the products of two polynomials' terms, in descending order of monomials, with equal monomials chained
// (Johnson, "Sparse polynomial arithmetic", 1974; Monagan and Pearce, "Sparse polynomial division using a heap", 2011).
// Memory is O(rows); each product costs O(log rows) at most.

import type { Monomials } from './terms.js';

/**
 * Gives all pairs (row, column) with one monomial of the product at a time. The right factor may grow at its end meanwhile, as a
 * quotient does: rows that have used it up wait until `wake`.
 */
export class ProductHeap {
  /** Of the monomial that `next` gave: its words. */
  key = 0;
  low = 0;
  /** Of the monomial that `next` gave: the terms whose products have it. Only the first `next()` entries count. */
  rows: Int32Array;
  columns: Int32Array;

  readonly #left: Monomials;
  readonly #right: Monomials;
  // Entries of the heap: the monomial and the head of a chain of rows.
  readonly #keys: Float64Array;
  readonly #lows: Float64Array;
  readonly #heads: Int32Array;
  #size = 0;
  // Of each row: the next row of its chain, or -1, and its column.
  readonly #chain: Int32Array;
  readonly #column: Int32Array;
  readonly #waiting: Int32Array;
  #waitingCount = 0;

  /** The left factor has one entry in the heap for each of its terms: give the shorter one. */
  constructor(left: Monomials, right: Monomials) {
    this.#left = left;
    this.#right = right;
    this.#keys = new Float64Array(left.count + 1);
    this.#lows = new Float64Array(left.count + 1);
    this.#heads = new Int32Array(left.count + 1);
    this.#chain = new Int32Array(left.count);
    this.#column = new Int32Array(left.count);
    this.rows = new Int32Array(left.count);
    this.columns = new Int32Array(left.count);
    this.#waiting = new Int32Array(left.count);
    if (left.count > 0) this.#admit(0);
  }

  /** Negative when the next monomial is smaller than this one or there is none, 0 when it is this one, else positive. */
  compareNext(key: number, low: number): number {
    if (this.#size === 0) return -1;
    return this.#keys[1]! - key || this.#lows[1]! - low;
  }

  /** Lets rows go on that waited for the right factor to grow. */
  wake(): void {
    const count = this.#waitingCount;
    this.#waitingCount = 0;
    for (let index = 0; index < count; index++) this.#admit(this.#waiting[index]!);
  }

  /** Goes to the next monomial and gives how many products have it; 0 at the end. */
  next(): number {
    if (this.#size === 0) return 0;
    const key = this.#keys[1]!;
    const low = this.#lows[1]!;
    this.key = key;
    this.low = low;
    let count = 0;
    while (this.#size > 0 && this.#keys[1] === key && this.#lows[1] === low) {
      for (let row = this.#heads[1]!; row >= 0; row = this.#chain[row]!) {
        this.rows[count] = row;
        this.columns[count++] = this.#column[row]!;
      }
      this.#removeFirst();
    }
    // A row that gave its first product lets the next row in: before that, it could not have been the largest.
    for (let index = 0; index < count; index++) {
      const row = this.rows[index]!;
      const column = this.columns[index]! + 1;
      if (column === 1 && row + 1 < this.#left.count) this.#admit(row + 1);
      this.#column[row] = column;
      this.#admit(row);
    }
    return count;
  }

  #admit(row: number): void {
    if (this.#column[row]! < this.#right.count) this.#insert(row);
    else this.#waiting[this.#waitingCount++] = row;
  }

  #insert(row: number): void {
    const column = this.#column[row]!;
    const key = this.#left.keys[row]! + this.#right.keys[column]!;
    const low = this.#left.low === undefined ? 0 : this.#left.low[row]! + this.#right.low![column]!;
    const keys = this.#keys;
    const lows = this.#lows;
    // Where it belongs on the way up from the end; an equal one on that way takes it into its chain.
    let place = this.#size + 1;
    while (place > 1) {
      const parent = place >> 1;
      const parentKey = keys[parent]!;
      if (parentKey > key) break;
      if (parentKey === key) {
        const parentLow = lows[parent]!;
        if (parentLow > low) break;
        if (parentLow === low) {
          this.#chain[row] = this.#heads[parent]!;
          this.#heads[parent] = row;
          return;
        }
      }
      place = parent;
    }
    for (let at = ++this.#size; at > place; at >>= 1) this.#move(at >> 1, at);
    keys[place] = key;
    lows[place] = low;
    this.#heads[place] = row;
    this.#chain[row] = -1;
  }

  #removeFirst(): void {
    const last = this.#size--;
    const key = this.#keys[last]!;
    const low = this.#lows[last]!;
    let place = 1;
    for (let child = 2; child < last; child = 2 * place) {
      if (child + 1 < last && this.#less(child, child + 1)) child++;
      const childKey = this.#keys[child]!;
      if (childKey < key || (childKey === key && this.#lows[child]! <= low)) break;
      this.#move(child, place);
      place = child;
    }
    this.#move(last, place);
  }

  #less(a: number, b: number): boolean {
    const difference = this.#keys[a]! - this.#keys[b]!;
    return difference < 0 || (difference === 0 && this.#lows[a]! < this.#lows[b]!);
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from]!;
    this.#lows[to] = this.#lows[from]!;
    this.#heads[to] = this.#heads[from]!;
  }
}
