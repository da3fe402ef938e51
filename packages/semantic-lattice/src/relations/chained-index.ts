// Rows by the values of some columns, as chains through one Int32Array, newest row first. One column of terms: the chains' heads
// are an array by term number. Several columns, or integers: a table of open addressing whose keys are read from the head's row.
// Rows can be left out by constants: an index over `t(x, subClassOf, y)` alone is small and dense.
import { type ByteMeter, hashOf, type Relation } from './relation.js';
import { emptyColumn, grown } from './typed-arrays.js';

/** Chains of rows with equal keys. Entries are row + 1, 0 ends a chain. Fields are open to generated code. */
export class ChainedIndex {
  readonly relation: Relation;
  readonly filterColumns: readonly number[];
  readonly filterValues: readonly number[];
  readonly keyColumns: readonly number[];
  /** Whether heads are found by the key itself. */
  readonly dense: boolean;
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
    meter: ByteMeter,
  ) {
    this.relation = relation;
    this.filterColumns = filterColumns;
    this.filterValues = filterValues;
    this.keyColumns = keyColumns;
    this.dense = keyColumns.length === 0 || (keyColumns.length === 1 && relation.kinds[keyColumns[0]!] === 'term');
    this.#meter = meter;
  }

  serves(filterColumns: readonly number[], filterValues: readonly number[], keyColumns: readonly number[]): boolean {
    return (
      same(this.filterColumns, filterColumns) &&
      same(this.filterValues, filterValues) &&
      same(this.keyColumns, keyColumns)
    );
  }

  clear(): void {
    this.heads.fill(0);
    this.used = 0;
    this.indexed = 0;
  }

  /** Takes in the rows appended since the last time. */
  update(): void {
    const { relation } = this;
    if (this.indexed === relation.rows) return;
    if (this.next.length < relation.rows) {
      this.#meter.grow((relation.capacity - this.next.length) * 4);
      this.next = grown(this.next, relation.capacity);
    }
    if (this.dense) this.#chainDense();
    else this.#chainHashed();
    this.indexed = relation.rows;
  }

  #passes(row: number): boolean {
    for (let index = 0; index < this.filterColumns.length; index++) {
      if (this.relation.columns[this.filterColumns[index]!]![row] !== this.filterValues[index]) return false;
    }
    return this.relation.state[row] !== 0;
  }

  #chainDense(): void {
    const { relation, next } = this;
    const column = this.keyColumns.length === 0 ? undefined : relation.columns[this.keyColumns[0]!]!;
    const filtered = this.filterColumns.length > 0;
    const { state, rows } = relation;
    let heads = this.heads;
    if (heads.length === 0) heads = this.#growHeads(1);
    for (let row = this.indexed; row < rows; row++) {
      if (filtered ? !this.#passes(row) : state[row] === 0) continue;
      const key = column === undefined ? 0 : column[row]!;
      if (key >= heads.length) heads = this.#growHeads(key + 1);
      next[row] = heads[key]!;
      heads[key] = row + 1;
    }
  }

  #growHeads(needed: number): Int32Array {
    const length = Math.max(16, needed, this.heads.length * 2);
    this.#meter.grow((length - this.heads.length) * 4);
    this.heads = grown(this.heads, length);
    return this.heads;
  }

  #chainHashed(): void {
    const { relation, next } = this;
    const key = new Int32Array(this.keyColumns.length);
    for (let row = this.indexed; row < relation.rows; row++) {
      if (!this.#passes(row)) continue;
      if (this.used * 2 > this.mask) this.#rehash();
      for (let index = 0; index < key.length; index++) key[index] = relation.columns[this.keyColumns[index]!]![row]!;
      const slot = this.#slotOf(key);
      if (this.heads[slot] === 0) this.used++;
      next[row] = this.heads[slot]!;
      this.heads[slot] = row + 1;
    }
  }

  #slotOf(key: Int32Array): number {
    let slot = hashOf(key, key.length) & this.mask;
    for (;;) {
      const entry = this.heads[slot]!;
      if (entry === 0) return slot;
      let index = 0;
      while (index < key.length && this.relation.columns[this.keyColumns[index]!]![entry - 1] === key[index]) index++;
      if (index === key.length) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  #rehash(): void {
    const slots = Math.max(16, (this.mask + 1) * 2);
    this.#meter.grow((slots - this.heads.length) * 4);
    const old = this.heads;
    this.heads = new Int32Array(slots);
    this.mask = slots - 1;
    const key = new Int32Array(this.keyColumns.length);
    for (const entry of old) {
      if (entry === 0) continue;
      for (let index = 0; index < key.length; index++) {
        key[index] = this.relation.columns[this.keyColumns[index]!]![entry - 1]!;
      }
      this.heads[this.#slotOf(key)] = entry;
    }
  }

  /** The newest row (plus one) of the chain of a key, 0 when there is none. */
  head(key: Int32Array): number {
    if (this.dense) {
      const at = key.length === 0 ? 0 : key[0]!;
      return at < this.heads.length ? this.heads[at]! : 0;
    }
    return this.mask < 0 ? 0 : this.heads[this.#slotOf(key)]!;
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
