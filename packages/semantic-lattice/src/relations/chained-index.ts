// Rows by the values of some columns, as chains through one Int32Array, newest row first. One column of terms: the chains' heads
// are an array by term number. Several columns, or integers: a table of open addressing that holds the keys beside the heads.
// Rows can be left out by constants: an index over `t(x, subClassOf, y)` alone is small, and its entries are numbered by themselves.
// An index can also be asked to hold only the values of one key column that were looked for: most are never.
import type { ByteMeter } from './byte-meter.js';
import { hashOf } from './key-hash.js';
import type { Relation } from './relation.js';
import { emptyColumn, grown } from './typed-arrays.js';

/** Chains of entries with equal keys; 0 ends a chain. An entry is its row + 1, or a number of its own. Fields are open to generated code. */
export class ChainedIndex {
  readonly relation: Relation;
  readonly filterColumns: readonly number[];
  readonly filterValues: readonly number[];
  readonly keyColumns: readonly number[];
  /** Whether heads are found by the key itself; else a slot holds the key's columns, and then the head. */
  readonly dense: boolean;
  readonly stride: number;
  /** Whether entries are numbered by themselves: entry `e` is of row `rowsOf[e - 1]`. */
  readonly compact: boolean;
  rowsOf: Int32Array = emptyColumn;
  /** Position among the key columns of the one whose values are admitted when first looked for; -1: all are held. */
  readonly admitting: number;
  /** By term: 1 when admitted. */
  admitted: Uint8Array = new Uint8Array(0);
  entries = 0;
  heads: Int32Array = emptyColumn;
  next: Int32Array = emptyColumn;
  mask = -1;
  used = 0;
  /** Rows below are in the chains. */
  indexed = 0;
  readonly #meter: ByteMeter;

  constructor(
    relation: Relation,
    filterColumns: readonly number[],
    filterValues: readonly number[],
    keyColumns: readonly number[],
    admitting: number,
    meter: ByteMeter,
  ) {
    this.relation = relation;
    this.filterColumns = filterColumns;
    this.filterValues = filterValues;
    this.keyColumns = keyColumns;
    this.dense = keyColumns.length === 0 || (keyColumns.length === 1 && relation.kinds[keyColumns[0]!] === 'term');
    this.stride = keyColumns.length + 1;
    this.admitting = admitting;
    this.compact = filterColumns.length > 0 || admitting >= 0;
    this.#meter = meter;
  }

  /** Whether it answers for these columns; one that holds all answers for one that admits. */
  serves(
    filterColumns: readonly number[],
    filterValues: readonly number[],
    keyColumns: readonly number[],
    admitting: number,
  ): boolean {
    if (this.admitting >= 0 && this.admitting !== admitting) return false;
    return this.filters(filterColumns, filterValues) && same(this.keyColumns, keyColumns);
  }

  /** Whether it is over the rows with these values. */
  filters(columns: readonly number[], values: readonly number[]): boolean {
    return same(this.filterColumns, columns) && same(this.filterValues, values);
  }

  clear(): void {
    this.heads.fill(0);
    this.admitted.fill(0);
    this.entries = 0;
    this.used = 0;
    this.indexed = 0;
  }

  /** Takes in the rows appended since the last time. */
  update(): void {
    const { relation } = this;
    if (this.indexed === relation.rows) return;
    if (!this.compact && this.next.length < relation.rows) {
      this.#meter.grow((relation.capacity - this.next.length) * 4);
      this.next = grown(this.next, relation.capacity);
    }
    if (this.dense) this.#chainDense();
    else this.#chainHashed();
    this.indexed = relation.rows;
  }

  /** The next row from `row` on that belongs here, or the number of rows. */
  #nextRow(row: number): number {
    const { relation, filterColumns, filterValues } = this;
    const { state, rows } = relation;
    if (!this.compact) {
      while (row < rows && state[row] === 0) row++;
      return row;
    }
    if (this.admitting >= 0) {
      const { admitted } = this;
      const column = relation.columns[this.keyColumns[this.admitting]!]!;
      // A term newer than all that were admitted is beyond the array, and reads as nothing.
      for (; row < rows; row++) if (admitted[column[row]!] === 1 && state[row] !== 0 && this.#passes(row)) return row;
      return rows;
    }
    const column = relation.columns[filterColumns[0]!]!;
    const value = filterValues[0]!;
    for (; row < rows; row++) if (column[row] === value && state[row] !== 0 && this.#passes(row)) return row;
    return rows;
  }

  #passes(row: number): boolean {
    for (let index = 0; index < this.filterColumns.length; index++) {
      if (this.relation.columns[this.filterColumns[index]!]![row] !== this.filterValues[index]) return false;
    }
    return true;
  }

  /** A row's entry. */
  #entryOf(row: number): number {
    if (!this.compact) return row + 1;
    if (this.entries === this.rowsOf.length) {
      const length = Math.max(16, this.entries * 2);
      this.#meter.grow((length - this.entries) * 8);
      this.rowsOf = grown(this.rowsOf, length);
      this.next = grown(this.next, length);
    }
    this.rowsOf[this.entries++] = row;
    return this.entries;
  }

  /** The row of an entry. */
  rowOf(entry: number): number {
    return this.compact ? this.rowsOf[entry - 1]! : entry - 1;
  }

  #chainDense(): void {
    const { relation, filterColumns } = this;
    const column = this.keyColumns.length === 0 ? undefined : relation.columns[this.keyColumns[0]!]!;
    // The first constant is looked at here: most rows have another.
    const filtered = this.compact ? relation.columns[filterColumns[0]!]! : undefined;
    const value = this.filterValues[0];
    const { rows, state } = relation;
    const hasMore = filterColumns.length > 1;
    let { heads, next } = this;
    if (heads.length === 0) heads = this.#growHeads(1);
    for (let row = this.indexed; row < rows; row++) {
      if ((filtered !== undefined && filtered[row] !== value) || state[row] === 0) continue;
      if (hasMore && !this.#passes(row)) continue;
      const key = column === undefined ? 0 : column[row]!;
      if (key >= heads.length) heads = this.#growHeads(key + 1);
      let entry = row + 1;
      if (filtered !== undefined) {
        entry = this.#entryOf(row);
        next = this.next;
      }
      next[entry - 1] = heads[key]!;
      heads[key] = entry;
    }
  }

  #growHeads(needed: number): Int32Array {
    const length = Math.max(16, needed, this.heads.length * 2);
    this.#meter.grow((length - this.heads.length) * 4);
    this.heads = grown(this.heads, length);
    return this.heads;
  }

  #chainHashed(): void {
    const { relation } = this;
    const columns = this.keyColumns.map((column) => relation.columns[column]!);
    const { rows } = relation;
    for (let row = this.#nextRow(this.indexed); row < rows; row = this.#nextRow(row + 1)) {
      this.#chainRow(row, columns);
    }
  }

  #chainRow(row: number, columns: readonly Int32Array[]): void {
    if (this.used * 2 > this.mask) this.#rehash();
    const { heads, mask, stride } = this;
    const width = stride - 1;
    let hash = 0;
    for (let index = 0; index < width; index++) {
      hash = Math.imul((hash ^ (hash >>> 15)) + columns[index]![row]!, 0x9e3779b1);
    }
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (;;) {
      const at = slot * stride;
      const entry = heads[at + width]!;
      let index = 0;
      if (entry === 0) {
        this.used++;
        for (; index < width; index++) heads[at + index] = columns[index]![row]!;
      } else while (index < width && heads[at + index] === columns[index]![row]) index++;
      if (index === width) {
        const own = this.#entryOf(row);
        this.next[own - 1] = entry;
        heads[at + width] = own;
        return;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Takes in the rows, of those indexed so far, that have a value in the admitting column. */
  admit(value: number): void {
    if (this.admitted[value] === 1) return;
    if (value >= this.admitted.length) {
      const longer = new Uint8Array(Math.max(1024, 2 * value + 2));
      longer.set(this.admitted);
      this.#meter.grow(longer.length - this.admitted.length);
      this.admitted = longer;
    }
    this.admitted[value] = 1;
    const { relation } = this;
    const byValue = relation.indexOn([], [], [this.keyColumns[this.admitting]!]);
    byValue.update();
    const rows: number[] = [];
    for (let entry = byValue.head(Int32Array.of(value)); entry !== 0; entry = byValue.next[entry - 1]!) {
      if (entry <= this.indexed && relation.state[entry - 1] !== 0 && this.#passes(entry - 1)) rows.push(entry - 1);
    }
    const columns = this.keyColumns.map((column) => relation.columns[column]!);
    // Chains have their newest entry first.
    for (const row of rows.reverse()) this.#chainRow(row, columns);
  }

  #slotOf(key: Int32Array): number {
    const { heads, mask, stride } = this;
    const width = stride - 1;
    let slot = hashOf(key, width) & mask;
    for (;;) {
      const at = slot * stride;
      if (heads[at + width] === 0) return at;
      let index = 0;
      while (index < width && heads[at + index] === key[index]) index++;
      if (index === width) return at;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    const { stride } = this;
    const slots = Math.max(16, (this.mask + 1) * 4);
    this.#meter.grow((slots - this.mask - 1) * 4 * stride);
    const old = this.heads;
    this.heads = new Int32Array(slots * stride);
    this.mask = slots - 1;
    const key = new Int32Array(stride - 1);
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + stride - 1] === 0) continue;
      for (let index = 0; index < key.length; index++) key[index] = old[from + index]!;
      this.heads.set(old.subarray(from, from + stride), this.#slotOf(key));
    }
  }

  /** The newest entry of the chain of a key, 0 when there is none. */
  head(key: Int32Array): number {
    if (this.dense) {
      const at = key.length === 0 ? 0 : key[0]!;
      return at < this.heads.length ? this.heads[at]! : 0;
    }
    if (this.admitting >= 0) this.admit(key[this.admitting]!);
    return this.mask < 0 ? 0 : this.heads[this.#slotOf(key) + this.stride - 1]!;
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
