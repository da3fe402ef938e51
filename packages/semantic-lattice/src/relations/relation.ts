// A relation as columns: one Int32Array each, rows appended and never moved except by compaction. A table of open addressing
// goes from tuple to row; it holds the key beside the row, so that a probe costs one cache line whatever it finds.
// A row costs 4 B a column, two to four slots of table, up to eight of a small one (4 B for each key column and for the row), 1 B of
// state, 12 B of derivation and 4 B of height, and 4 B for each index.
import { latticeError } from '../errors/index.js';
import type { ByteMeter } from './byte-meter.js';
import { ChainedIndex } from './chained-index.js';
import { hashOf } from './key-hash.js';
import type { LatticeValues } from './lattice-values.js';
import { emptyColumn, grown } from './typed-arrays.js';

/** The row was asserted by a transaction. */
export const ASSERTED = 1;
/** The row has a stored derivation. */
export const DERIVED = 2;
/** Either: the row holds. */
export const LIVE = ASSERTED | DERIVED;
/** The row held before this transaction and no longer does. */
export const DYING = 4;
/** A cell's earlier, lower value, which may be part of the evidence for a later one. */
export const SUPERSEDED = 8;
/** The same key held before this transaction in another row. */
export const MOVED = 16;
/** The cell's value is the join of what its derivation gives and of the previous row. */
export const JOINED = 32;
/** The row waits for its turn in a deletion. */
export const QUEUED = 64;
/** The transaction takes the assertion back, unless it asserts it again. */
export const RETRACTED = 128;

/** Integers of derivation for a row: rule (-1: asserted), and two premises, or a place in the pool. */
export const PROOF_WIDTH = 3;

/** Which of a rule's premises is of the rule's own relation (-1: none), and how many it has. */
export interface OwnPremise {
  readonly atom: number;
  readonly premises: number;
}

export type KeyKind = 'term' | 'integer' | 'value';

const SMALLEST = 16;
/** Tables of fewer slots are quadrupled, larger ones doubled: to move what is in a table costs as much as to have put it there. */
const MOST_QUADRUPLED = 2 ** 20;
/** Row numbers are 31 bits, and one more number means none. */
const MOST_ROWS = 2 ** 30;

/** Of a batch of rows that go into a table. */
const hashes = new Int32Array(256);
/** Takes what is loaded only to be near, so that no compiler leaves it out. */
const touched = new Int32Array(1);

/** Columns, states, proofs, the table and the indexes of one relation. Fields are open to generated code. */
export class Relation {
  readonly name: string;
  readonly id: number;
  readonly arity: number;
  /** Columns that identify a row: all, or all but a lattice's. */
  readonly keys: number;
  readonly kinds: readonly KeyKind[];
  readonly values: LatticeValues | undefined;
  readonly withProofs: boolean;

  rows = 0;
  capacity = 0;
  columns: Int32Array[];
  state: Uint8Array = new Uint8Array(0);
  proof: Int32Array = emptyColumn;
  /** Heights of the stored derivations; of rows that partitions derived, after {@link ensureHeights}. */
  heights: Int32Array = emptyColumn;
  pool: Int32Array = emptyColumn;
  pooled = 0;
  /** Only where values are a lattice's: the cell's previous row plus one, and how often it has risen. */
  previous: Int32Array = emptyColumn;
  raised: Int32Array = emptyColumn;

  /** Slots: the key columns, then row + 1. */
  table: Int32Array = emptyColumn;
  mask = -1;
  readonly stride: number;
  /** Slots in use. */
  used = 0;
  /** Rows that are in the table, or were replaced there. */
  hashed = 0;

  live = 0;
  /** Rows that ceased to hold since the last compaction. */
  garbage = 0;
  readonly indexes: ChainedIndex[] = [];
  /** By rule, while heights are not counted: then partitions have derived all rows there are. */
  #uncounted: readonly OwnPremise[] | undefined;
  readonly #meter: ByteMeter;
  readonly #maxRows: number;

  constructor(options: {
    name: string;
    id: number;
    kinds: readonly KeyKind[];
    values?: LatticeValues | undefined;
    withProofs: boolean;
    meter: ByteMeter;
    maxRows: number;
  }) {
    this.name = options.name;
    this.id = options.id;
    this.kinds = options.kinds;
    this.arity = options.kinds.length;
    this.keys = options.values === undefined ? this.arity : this.arity - 1;
    this.stride = this.keys + 1;
    this.values = options.values;
    this.withProofs = options.withProofs;
    this.#meter = options.meter;
    this.#maxRows = Math.min(options.maxRows, MOST_ROWS);
    this.columns = Array.from({ length: this.arity }, () => emptyColumn);
  }

  /** Bytes a row costs in what grows with the rows, the indexes not counted. */
  get #rowBytes(): number {
    return 4 * this.arity + 1 + (this.withProofs ? 4 * PROOF_WIDTH + 4 : 0) + (this.values === undefined ? 0 : 8);
  }

  /** Makes room for one row more, or for `rows` rows. @throws TenstripError `CapacityExceeded` */
  grow(rows: number = this.rows + 1): void {
    if (rows <= this.capacity) return;
    if (rows > this.#maxRows) {
      throw latticeError(
        'CapacityExceeded',
        `relation ${this.name} would hold more than ${this.#maxRows} rows: raise limits.rows`,
        {
          resource: 'rows',
          allowed: this.#maxRows,
          relation: this.name,
        },
      );
    }
    const capacity = Math.max(SMALLEST, rows, Math.min(this.capacity * 2, this.#maxRows));
    this.#meter.grow((capacity - this.capacity) * this.#rowBytes);
    this.#lengthen(capacity);
  }

  /** Makes room for rows that are likely to come, if there is any: room made in one step is not copied in several. */
  reserve(rows: number): void {
    const capacity = Math.min(rows, this.#maxRows);
    if (capacity <= this.capacity || !this.#meter.tryGrow((capacity - this.capacity) * this.#rowBytes)) return;
    this.#lengthen(capacity);
  }

  #lengthen(capacity: number): void {
    for (let column = 0; column < this.arity; column++) this.columns[column] = grown(this.columns[column]!, capacity);
    const state = new Uint8Array(capacity);
    state.set(this.state);
    this.state = state;
    if (this.withProofs) {
      this.proof = grown(this.proof, capacity * PROOF_WIDTH);
      if (this.#uncounted === undefined) this.heights = grown(this.heights, capacity);
    }
    if (this.values !== undefined) {
      this.previous = grown(this.previous, capacity);
      this.raised = grown(this.raised, capacity);
    }
    this.capacity = capacity;
  }

  /** Makes room for one tuple more in the table. */
  growTable(): void {
    if (this.used * 2 <= this.mask) return;
    const slots = this.mask + 1;
    this.#resizeTable(Math.max(SMALLEST, slots * (slots < MOST_QUADRUPLED ? 4 : 2)));
  }

  #resizeTable(slots: number): void {
    const { stride, keys } = this;
    this.#meter.grow((slots - (this.mask + 1)) * 4 * stride);
    const old = this.table;
    const table = new Int32Array(slots * stride);
    const mask = slots - 1;
    if (keys === 3) moveTriples(old, table, mask);
    else {
      for (let from = 0; from < old.length; from += stride) {
        if (old[from + keys] === 0) continue;
        let hash = 0;
        for (let key = 0; key < keys; key++) hash = Math.imul((hash ^ (hash >>> 15)) + old[from + key]!, 0x9e3779b1);
        let slot = (hash ^ (hash >>> 16)) & mask;
        while (table[slot * stride + keys] !== 0) slot = (slot + 1) & mask;
        for (let key = 0; key <= keys; key++) table[slot * stride + key] = old[from + key]!;
      }
    }
    this.table = table;
    this.mask = mask;
  }

  /** Brings all rows into the table; evaluation by partitions leaves them out until somebody asks. */
  ensureTable(): void {
    if (this.hashed === this.rows) return;
    let slots = Math.max(SMALLEST, this.mask + 1);
    while ((this.used + this.rows - this.hashed) * 2 > slots - 1) slots *= 2;
    if (slots > this.mask + 1) this.#resizeTable(slots);
    // In batches, as generated joins do: all slots of a batch are asked for at once, and are near when they are filled.
    for (let from = this.hashed; from < this.rows; from += hashes.length) {
      this.#placeRows(from, Math.min(from + hashes.length, this.rows));
    }
    this.hashed = this.rows;
  }

  /** Brings a batch of rows into the table, which has room. */
  #placeRows(from: number, to: number): void {
    const { table, mask, keys, stride, columns, state } = this;
    hashes.fill(0);
    for (let column = 0; column < keys; column++) {
      const values = columns[column]!;
      for (let row = from; row < to; row++) {
        const hash = hashes[row - from]!;
        hashes[row - from] = Math.imul((hash ^ (hash >>> 15)) + values[row]!, 0x9e3779b1);
      }
    }
    let loaded = 0;
    for (let at = 0; at < to - from; at++) {
      const hash = hashes[at]!;
      const slot = (hash ^ (hash >>> 16)) & mask;
      hashes[at] = slot;
      loaded ^= table[slot * stride + keys]!;
    }
    touched[0] = loaded;
    for (let row = from; row < to; row++) {
      if (state[row] === 0) continue;
      let at = hashes[row - from]! * stride;
      for (; table[at + keys] !== 0; at = at + stride < table.length ? at + stride : 0) {
        let column = 0;
        while (column < keys && table[at + column] === columns[column]![row]) column++;
        if (column === keys) break;
      }
      if (table[at + keys] === 0) {
        this.used++;
        for (let column = 0; column < keys; column++) table[at + column] = columns[column]![row]!;
      }
      table[at + keys] = row + 1;
    }
  }

  #place(key: Int32Array, row: number): void {
    const at = this.#placeOf(key);
    if (this.table[at + this.keys] === 0) {
      this.used++;
      for (let column = 0; column < this.keys; column++) this.table[at + column] = key[column]!;
    }
    this.table[at + this.keys] = row + 1;
  }

  /** Where in the table a key is, or the empty place where it belongs. The table must have room. */
  #placeOf(key: Int32Array): number {
    const { table, mask, keys, stride } = this;
    let slot = hashOf(key, keys) & mask;
    for (;;) {
      const at = slot * stride;
      if (table[at + keys] === 0) return at;
      let column = 0;
      while (column < keys && table[at + column] === key[column]) column++;
      if (column === keys) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** The newest row with these key columns, whatever its state, or -1. */
  find(key: Int32Array): number {
    this.ensureTable();
    if (this.mask < 0) return -1;
    return this.table[this.#placeOf(key) + this.keys]! - 1;
  }

  /** The row with these key columns that holds, or -1. */
  findLive(key: Int32Array): number {
    const row = this.find(key);
    return row >= 0 && (this.state[row]! & LIVE) !== 0 ? row : -1;
  }

  /** Appends a row in front of whatever row has the same key; state and proof are the caller's. */
  append(tuple: Int32Array): number {
    this.ensureTable();
    this.ensureHeights();
    this.grow();
    this.growTable();
    const row = this.rows;
    for (let column = 0; column < this.arity; column++) this.columns[column]![row] = tuple[column]!;
    this.#place(tuple, row);
    this.rows = row + 1;
    this.hashed = row + 1;
    return row;
  }

  /** Makes a row the one that its key leads to. */
  pointTo(row: number): void {
    this.ensureTable();
    const key = new Int32Array(this.keys);
    for (let column = 0; column < this.keys; column++) key[column] = this.columns[column]![row]!;
    this.#place(key, row);
  }

  /** Copies a row's columns. */
  read(row: number, into: Int32Array): Int32Array {
    for (let column = 0; column < this.arity; column++) into[column] = this.columns[column]![row]!;
    return into;
  }

  /** Makes room in the pool for the premises of one row more. */
  growPool(premises: number): void {
    if (this.pooled + premises <= this.pool.length) return;
    const length = Math.max(64, this.pool.length * 2, this.pooled + premises);
    this.#meter.grow((length - this.pool.length) * 4);
    this.pool = grown(this.pool, length);
  }

  /** Stores a row's derivation and its height. `premises` are rows of the rule's positive atoms, in the order of its text. */
  setProof(row: number, rule: number, height: number, premises: Int32Array, count: number): void {
    if (!this.withProofs) return;
    this.ensureHeights();
    this.heights[row] = height;
    this.setDerivation(row, rule, premises, count);
  }

  /** Stores a row's derivation alone, for rows whose heights are counted later. */
  setDerivation(row: number, rule: number, premises: Int32Array, count: number): void {
    if (!this.withProofs) return;
    const at = row * PROOF_WIDTH;
    this.proof[at] = rule;
    if (count <= 2) {
      this.proof[at + 1] = count > 0 ? premises[0]! : 0;
      this.proof[at + 2] = count > 1 ? premises[1]! : 0;
      return;
    }
    this.growPool(count);
    for (let index = 0; index < count; index++) this.pool[this.pooled + index] = premises[index]!;
    this.proof[at + 1] = this.pooled;
    this.proof[at + 2] = 0;
    this.pooled += count;
  }

  /** The rule of a row's stored derivation, -1 for an assertion. */
  ruleOf(row: number): number {
    return this.proof[row * PROOF_WIDTH]!;
  }

  /** One premise of a row's stored derivation that has `count`. */
  premise(row: number, index: number, count: number): number {
    const at = row * PROOF_WIDTH + 1;
    return count <= 2 ? this.proof[at + index]! : this.pool[this.proof[at]! + index]!;
  }

  height(row: number): number {
    if (!this.withProofs) return 0;
    this.ensureHeights();
    return this.heights[row]!;
  }

  /** Leaves the heights of the rows that partitions derive to {@link ensureHeights}. Only where there is no row yet. */
  countHeightsLater(ownPremises: readonly OwnPremise[]): void {
    if (!this.withProofs) return;
    this.#uncounted = ownPremises;
    this.heights = emptyColumn;
  }

  /** Counts the heights of rows that partitions derived, of which each came after its premises. Only maintenance asks for them. */
  ensureHeights(): void {
    const ownPremises = this.#uncounted;
    if (ownPremises === undefined) return;
    const heights = new Int32Array(this.capacity);
    const { proof, pool, rows } = this;
    for (let row = 0, at = 0; row < rows; row++, at += PROOF_WIDTH) {
      const { atom, premises } = ownPremises[proof[at]!]!;
      const own = premises <= 2 ? proof[at + 1 + atom]! : pool[proof[at + 1]! + atom]!;
      heights[row] = atom < 0 ? 1 : heights[own]! + 1;
    }
    this.heights = heights;
    this.#uncounted = undefined;
  }

  /**
   * The index over the rows that have `filterValues` in `filterColumns`, by `keyColumns`; made when first asked for.
   * It holds the rows up to its last {@link ChainedIndex.update}. `admitting`: the position among the keys of a column of terms,
   * of which only values that were looked for need be held.
   */
  indexOn(
    filterColumns: readonly number[],
    filterValues: readonly number[],
    keyColumns: readonly number[],
    admitting = -1,
  ): ChainedIndex {
    const known = this.indexes.find((index) => index.serves(filterColumns, filterValues, keyColumns, admitting));
    if (known !== undefined) return known;
    const index = new ChainedIndex(this, filterColumns, filterValues, keyColumns, admitting, this.#meter);
    this.indexes.push(index);
    return index;
  }

  /** An index over the rows that have these values, whatever its keys: its `rowsOf` are those rows, ascending. */
  filteredBy(columns: readonly number[], values: readonly number[]): ChainedIndex {
    return (
      this.indexes.find((index) => index.admitting < 0 && index.filters(columns, values)) ??
      this.indexOn(columns, values, [])
    );
  }

  /**
   * Drops every row that `kept` does not mark, and gives the new numbers of the rows (-1: dropped).
   * Premises are the caller's to renumber.
   */
  compact(kept: Uint8Array): Int32Array {
    this.ensureHeights();
    const renumbered = new Int32Array(this.rows).fill(-1);
    const { columns } = this;
    // Changes that were told may be views of the columns as they were.
    this.columns = columns.map(() => new Int32Array(this.capacity));
    let to = 0;
    for (let row = 0; row < this.rows; row++) {
      if (kept[row] === 0) continue;
      renumbered[row] = to;
      for (let column = 0; column < this.arity; column++) this.columns[column]![to] = columns[column]![row]!;
      this.state[to] = this.state[row]!;
      if (this.withProofs) {
        this.proof.copyWithin(to * PROOF_WIDTH, row * PROOF_WIDTH, (row + 1) * PROOF_WIDTH);
        this.heights[to] = this.heights[row]!;
      }
      if (this.values !== undefined) {
        let previous = this.previous[row]!;
        while (previous !== 0 && kept[previous - 1] === 0) previous = this.previous[previous - 1]!;
        this.previous[to] = previous === 0 ? 0 : renumbered[previous - 1]! + 1;
        this.raised[to] = this.raised[row]!;
      }
      to++;
    }
    this.state.fill(0, to, this.rows);
    this.rows = to;
    this.garbage = 0;
    this.table.fill(0);
    this.used = 0;
    this.hashed = 0;
    this.ensureTable();
    for (const index of this.indexes) index.clear();
    return renumbered;
  }
}

/** Moves the slots of a table over three key columns, which RDF's is: the loop over keys unrolled. */
function moveTriples(old: Int32Array, table: Int32Array, mask: number): void {
  for (let from = 0; from < old.length; from += 4) {
    const entry = old[from + 3]!;
    if (entry === 0) continue;
    const a = old[from]!;
    const b = old[from + 1]!;
    const c = old[from + 2]!;
    let hash = Math.imul(a, 0x9e3779b1);
    hash = Math.imul((hash ^ (hash >>> 15)) + b, 0x9e3779b1);
    hash = Math.imul((hash ^ (hash >>> 15)) + c, 0x9e3779b1);
    let at = ((hash ^ (hash >>> 16)) & mask) * 4;
    while (table[at + 3] !== 0) at = (at + 4) & (4 * mask + 3);
    table[at] = a;
    table[at + 1] = b;
    table[at + 2] = c;
    table[at + 3] = entry;
  }
}
