// The interned expression graph: every structure exists once, and an expression is the integer that names it, so equality of
// structures is equality of integers and every walk can remember what it did (Ershov 1958; "hash-consing", Goto 1974). Nodes are
// a struct of arrays and a pool of payload, found by open addressing on a hash of the structure. Children are ordered by
// structure, never by handle, so nothing depends on what was built before. At most 64 bytes a node of up to four children.

import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import {
  compare as compareNumbers,
  equals as equalNumbers,
  type Rational,
  rational,
  toText,
} from '../numbers/index.js';
import { type Assumption, type Assumptions, type SymbolFacts, withAssumption } from './assumptions.js';
import { type FunctionName, functionTable } from './functions.js';

/** An expression: the name of a node of an {@link ExpressionStore}, and of no other. */
export type ExprId = number & { readonly __expr: unique symbol };

/**
 * What a node is. A `sum` holds pairs (term, coefficient), the constant as a coefficient of the number 1; a `product` pairs (base,
 * exponent); both at least one, where one alone is not the same as its content (`2*x` is a sum, `x^2` a product).
 */
export type NodeKind = 'number' | 'pi' | 'symbol' | 'call' | 'product' | 'sum';

/** The kinds, in their order. @internal */
const kinds: readonly NodeKind[] = ['number', 'pi', 'symbol', 'call', 'product', 'sum'];
/** Position in {@link kinds}. @internal */
export const kindCode = { number: 0, pi: 1, symbol: 2, call: 3, product: 4, sum: 5 } as const;

/** A place in the history of a store, to go back to. */
export type Mark = number & { readonly __mark: unique symbol };

/** Limits of a store. */
export interface StoreLimits {
  /** Nodes. Default 2^22, at most 2^28. */
  readonly maxNodes?: number;
  /** Bits of any number. Default 2^20. */
  readonly maxBits?: number;
}

/** Entries of payload for each node that is allowed: wide sums count for more than one. */
const payloadPerNode = 16;

/** The graph itself: interning, reading, order, release. What is canonical is decided by the builders above it. @internal */
export class NodeTable {
  /** Nodes that may exist at a time. */
  readonly maxNodes: number;
  /** Bits that a number may have. */
  readonly maxBits: number;
  // The first nodes are in plain arrays, which the engine makes for next to nothing; the rest in typed arrays.
  /** Of each node {@link nodeWords} words: kind and signs, where its payload begins, how long it is, its hash. */
  #nodes: Column = start.nodes.slice();
  #pool: Column = start.pool.slice();
  #poolUsed = start.poolUsed;
  #table: Column = start.table.slice();
  #used = start.used;
  readonly #free: number[] = [];
  readonly #numbers: (Rational | undefined)[] = start.numbers.slice();
  readonly #freeNumbers: number[] = [];
  readonly #names: string[] = [];
  #facts: ReadonlyMap<string, SymbolFacts> = noFacts;
  #budgetCheck: ((nodes: number) => void) | undefined;

  constructor(limits: StoreLimits = {}) {
    requireOptions(limits, 'limits');
    const { maxNodes = 1 << 22, maxBits = 1 << 20 } = limits;
    requireLimit('maxNodes', maxNodes, 1 << 28);
    requireLimit('maxBits', maxBits, 1 << 29);
    this.maxNodes = maxNodes;
    this.maxBits = maxBits;
  }

  /**
   * Refuses what is certainly no expression of this store: a handle that it has not given out. (One of another store may have the number
   * of one of its own.)
   *
   * @throws TenstripError `OptionsInvalid`
   */
  requireNode(id: ExprId): void {
    if (typeof id === 'number' && id >= 0 && id < this.#used && Number.isInteger(id)) return;
    throw invalidOption('expression', id, 'an expression of this store, as parseText and the builders give them');
  }

  /** Nodes that exist. */
  get nodeCount(): number {
    return this.#used - this.#free.length;
  }

  /** Bytes of the arrays, without those of large numbers and names. */
  get byteSize(): number {
    const columns = [this.#nodes, this.#pool, this.#table];
    return columns.reduce((sum, column) => sum + (Array.isArray(column) ? 8 * column.length : column.byteLength), 0);
  }

  /** What a node is. */
  kindOf(id: ExprId): NodeKind {
    return kinds[this.kindCodeOf(id)]!;
  }

  /** Its position in the order of kinds. */
  kindCodeOf(id: ExprId): number {
    return this.#nodes[nodeWords * id]! & kindMask;
  }

  /** Where its payload begins: up to 2^32 cells, in words that may be signed. */
  #offsetOf(id: number): number {
    return this.#nodes[nodeWords * id + 1]! >>> 0;
  }

  #lengthOf(id: number): number {
    return this.#nodes[nodeWords * id + 2]! >>> 0;
  }

  #hashOf(id: number): number {
    return this.#nodes[nodeWords * id + 3]!;
  }

  /** The value of a number; `undefined` for anything else. */
  valueOf(id: ExprId): Rational | undefined {
    return this.kindCodeOf(id) === kindCode.number ? this.#numbers[this.#pool[this.#offsetOf(id)]!] : undefined;
  }

  /** The value of what is known to be a number: coefficients always are. */
  numberAt(id: ExprId): Rational {
    return this.#numbers[this.#pool[this.#offsetOf(id)]!]!;
  }

  /** The name of a symbol; `undefined` for anything else. */
  nameOf(id: ExprId): string | undefined {
    return this.kindCodeOf(id) === kindCode.symbol ? this.#names[this.#pool[this.#offsetOf(id)]!] : undefined;
  }

  /** The function of a call; `undefined` for anything else. */
  functionOf(id: ExprId): FunctionName | undefined {
    return this.kindCodeOf(id) === kindCode.call ? functionTable[this.#pool[this.#offsetOf(id)]!]!.name : undefined;
  }

  /** How many children: of sums and products two for each pair. */
  childCount(id: ExprId): number {
    const kind = this.kindCodeOf(id);
    if (kind <= kindCode.symbol) return 0;
    return kind === kindCode.call ? this.#lengthOf(id) - 1 : this.#lengthOf(id);
  }

  /** A child by its place. */
  child(id: ExprId, at: number): ExprId {
    return this.#pool[this.#offsetOf(id) + at + (this.kindCodeOf(id) === kindCode.call ? 1 : 0)]! as ExprId;
  }

  /** All children: of sums and products (term, coefficient) or (base, exponent) one after the other. */
  childrenOf(id: ExprId): ExprId[] {
    const count = this.childCount(id);
    const result = new Array<ExprId>(count);
    for (let at = 0; at < count; at++) result[at] = this.child(id, at);
    return result;
  }

  /** The node of a number. */
  internNumber(value: Rational): ExprId {
    const hash = hashOfNumber(value);
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#table[slot]!;
      if (id === -1) break;
      if (this.#hashOf(id) !== hash || this.kindCodeOf(id as ExprId) !== kindCode.number) continue;
      if (equalNumbers(this.numberAt(id as ExprId), value)) return id as ExprId;
    }
    const index = this.#freeNumbers.pop() ?? this.#numbers.length;
    this.#numbers[index] = value;
    return this.#append(kindCode.number, hash, [index], 1);
  }

  /** The node of a symbol. */
  internSymbol(name: string): ExprId {
    const hash = mix(symbolHash, hashOfText(name));
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#table[slot]! as ExprId;
      if (id === -1) break;
      if (this.#hashOf(id) === hash && this.nameOf(id) === name) return id;
    }
    this.#names.push(name);
    return this.#append(kindCode.symbol, hash, [this.#names.length - 1], 1);
  }

  /** The node of a structure whose payload, the first `length` entries, is in its canonical order. */
  intern(kind: number, payload: readonly number[], length = payload.length): ExprId {
    let hash = mix(1, kind);
    const isCall = kind === kindCode.call;
    for (let at = 0; at < length; at++) {
      const entry = payload[at]!;
      hash = mix(hash, isCall && at === 0 ? entry : this.#hashOf(entry));
    }
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#table[slot]!;
      if (id === -1) break;
      if (this.#hashOf(id) === hash && this.kindCodeOf(id as ExprId) === kind && this.#holds(id, payload, length))
        return id as ExprId;
    }
    return this.#append(kind, hash, payload, length);
  }

  #holds(id: number, payload: readonly number[], length: number): boolean {
    if (this.#lengthOf(id) !== length) return false;
    const offset = this.#offsetOf(id);
    for (let at = 0; at < length; at++) if (this.#pool[offset + at] !== payload[at]) return false;
    return true;
  }

  #append(kind: number, hash: number, payload: readonly number[], length: number): ExprId {
    const nodes = this.nodeCount + 1;
    const cells = this.#poolUsed + length;
    if (nodes > this.maxNodes || cells > this.maxNodes * payloadPerNode) {
      const message = `the store would hold ${nodes} nodes and ${cells} children; ${this.maxNodes} nodes are allowed (and ${payloadPerNode} children for each). Raise maxNodes, or release what is not needed`;
      throw reducerError('BudgetExceeded', message, { limit: 'maxNodes', allowed: this.maxNodes, needed: nodes });
    }
    this.#budgetCheck?.(nodes);
    const id = this.#free.length > 0 ? this.#free.pop()! : this.#used++;
    const word = nodeWords * id;
    if (word >= this.#nodes.length) this.#nodes = grown(this.#nodes, Int32Array);
    while (cells > this.#pool.length) this.#pool = grown(this.#pool, Uint32Array);
    const columns = this.#nodes;
    columns[word] = kind;
    columns[word + 1] = this.#poolUsed;
    columns[word + 2] = length;
    columns[word + 3] = hash;
    const pool = this.#pool;
    for (let at = 0, cell = this.#poolUsed; at < length; at++) pool[cell++] = payload[at]!;
    this.#poolUsed = cells;
    if (nodes * 2 > this.#table.length) this.#rebuildTable(this.#table.length * 2);
    this.#enter(id);
    return id as ExprId;
  }

  #enter(id: number): void {
    const mask = this.#table.length - 1;
    let slot = this.#hashOf(id) & mask;
    while (this.#table[slot] !== -1) slot = (slot + 1) & mask;
    this.#table[slot] = id;
  }

  #rebuildTable(size: number): void {
    this.#table = size <= mostPlain ? columnOf(size, []).fill(-1) : new Int32Array(size).fill(-1);
    const isFree = new Set(this.#free);
    for (let id = 0; id < this.#used; id++) if (isFree.size === 0 || !isFree.has(id)) this.#enter(id);
  }

  /**
   * The order of structures: numbers by value, pi, symbols by name, then calls, products and sums by their hashes, and by their
   * parts where hashes are equal. Total, and the same in every store.
   */
  compare(left: ExprId, right: ExprId): number {
    let a = left;
    let b = right;
    for (;;) {
      if (a === b) return 0;
      const kind = this.kindCodeOf(a);
      if (kind !== this.kindCodeOf(b)) return kind - this.kindCodeOf(b);
      if (kind === kindCode.number) return compareNumbers(this.numberAt(a), this.numberAt(b));
      if (kind === kindCode.symbol) return this.nameOf(a)! < this.nameOf(b)! ? -1 : 1;
      if (this.#hashOf(a) !== this.#hashOf(b)) return this.#hashOf(a) >>> 0 < this.#hashOf(b) >>> 0 ? -1 : 1;
      // Equal hashes of different structures: the first part that differs decides. Parts that are equal have equal names.
      if (this.#lengthOf(a) !== this.#lengthOf(b)) return this.#lengthOf(a) - this.#lengthOf(b);
      let at = 0;
      while (this.#pool[this.#offsetOf(a) + at] === this.#pool[this.#offsetOf(b) + at]) at++;
      const x = this.#pool[this.#offsetOf(a) + at]!;
      const y = this.#pool[this.#offsetOf(b) + at]!;
      if (kind === kindCode.call && at === 0) return x - y;
      a = x as ExprId;
      b = y as ExprId;
    }
  }

  /** Adds facts about a symbol. @throws TenstripError `AssumptionContradiction` */
  assume(name: string, assumptions: readonly Assumption[]): void {
    if (typeof name !== 'string' || name === '') throw invalidOption('name', name, 'a text that is not empty');
    if (!Array.isArray(assumptions)) throw invalidOption('assume', assumptions, 'a list, as ["positive"]');
    if (assumptions.length === 0) return;
    const facts = assumptions.reduce<SymbolFacts>(
      (known, assumption) => withAssumption(name, known, assumption),
      this.factsOf(name),
    );
    this.#facts = new Map(this.#facts).set(name, facts);
    this.#forgetSigns();
  }

  #forgetSigns(): void {
    for (let word = 0; word < nodeWords * this.#used; word += nodeWords) this.#nodes[word]! &= kindMask;
  }

  /** Calls `body` with more assumptions, which end with it. @throws TenstripError `AssumptionContradiction` */
  assuming<Result>(assumptions: Assumptions, body: () => Result): Result {
    requireOptions(assumptions, 'assume');
    if (typeof body !== 'function') throw invalidOption('body', body, 'a function');
    const before = this.#facts;
    try {
      for (const name of Object.keys(assumptions)) this.assume(name, assumptions[name]!);
      return body();
    } finally {
      if (this.#facts !== before) this.#forgetSigns();
      this.#facts = before;
    }
  }

  /** What is assumed of a symbol. */
  factsOf(name: string): SymbolFacts {
    return this.#facts.get(name) ?? { signs: 7, integer: false };
  }

  /** Whether anything is assumed of any symbol. */
  get assumesNothing(): boolean {
    return this.#facts.size === 0;
  }

  /** All symbols of which something is assumed. */
  get assumedNames(): string[] {
    return [...this.#facts.keys()].sort();
  }

  /** What was found about a node's signs; 0: nothing was looked for yet. */
  knownSigns(id: ExprId): number {
    return this.#nodes[nodeWords * id]! >> kindBits;
  }

  /** Remembers what was found. */
  rememberSigns(id: ExprId, mask: number): void {
    this.#nodes[nodeWords * id] = this.kindCodeOf(id) | (mask << kindBits);
  }

  /** Calls what {@link watching} was given: before long work that makes no node. */
  noteWork(): void {
    this.#budgetCheck?.(this.nodeCount);
  }

  /** Calls `check` with the number of nodes before each is made, while `body` runs. */
  watching<Result>(check: (nodes: number) => void, body: () => Result): Result {
    const before = this.#budgetCheck;
    this.#budgetCheck = check;
    try {
      return body();
    } finally {
      this.#budgetCheck = before;
    }
  }

  /** Remembers this place, for {@link release}. */
  checkpoint(): Mark {
    return this.#used as number as Mark;
  }

  /**
   * Lets go of all nodes made since a mark but those that `keep` needs. Their handles stay what they are; handles of what was let go
   * are no expressions any more, and their numbers are used again. O(nodes in the store).
   */
  release(mark: Mark, keep: readonly ExprId[]): void {
    if (!Number.isInteger(mark) || mark < 0) throw invalidOption('mark', mark, 'a mark that checkpoint() gave');
    if (!Array.isArray(keep)) throw invalidOption('keep', keep, 'a list of expressions');
    for (const id of keep) this.requireNode(id);
    const live = new Uint8Array(this.#used);
    const stack: number[] = [...keep];
    while (stack.length > 0) {
      const id = stack.pop()!;
      if (live[id] === 1) continue;
      live[id] = 1;
      for (let at = this.childCount(id as ExprId) - 1; at >= 0; at--) stack.push(this.child(id as ExprId, at));
    }
    const wasFree = new Set(this.#free);
    for (let id = mark as number; id < this.#used; id++) {
      if (live[id] === 1 || wasFree.has(id)) continue;
      this.#letGo(id);
    }
    this.#free.sort((a, b) => b - a);
    while (this.#free.length > 0 && this.#free[0] === this.#used - 1) {
      this.#free.shift();
      this.#used--;
    }
    this.#compactPool();
    this.#rebuildTable(this.#table.length);
  }

  #letGo(id: number): void {
    const index = this.#pool[this.#offsetOf(id)]!;
    if (this.kindCodeOf(id as ExprId) === kindCode.number) {
      this.#numbers[index] = undefined;
      this.#freeNumbers.push(index);
    }
    this.#free.push(id);
  }

  #compactPool(): void {
    const isFree = new Set(this.#free);
    const order = Array.from({ length: this.#used }, (_, id) => id)
      .filter((id) => !isFree.has(id))
      .sort((a, b) => this.#offsetOf(a) - this.#offsetOf(b));
    let used = 0;
    for (const id of order) {
      const [from, length] = [this.#offsetOf(id), this.#lengthOf(id)];
      this.#pool.copyWithin(used, from, from + length);
      this.#nodes[nodeWords * id + 1] = used;
      used += length;
    }
    this.#poolUsed = used;
  }
}

function requireLimit(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw invalidOption(option, value, `a whole number from 1 to ${most}`);
}

function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}

/** Of long numbers by digits that are quickly found. */
function digitsOf(value: Rational): string {
  if (typeof value === 'number' || (isShort(value.numerator) && isShort(value.denominator))) return toText(value);
  return `${value.numerator.toString(32)}/${value.denominator.toString(32)}`;
}

function isShort(value: bigint): boolean {
  return value < longNumber && -value < longNumber;
}

const longNumber = 1n << 1_024n;

const symbolHash = mix(1, kindCode.symbol);

function hashOfText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Hashes of the whole numbers from -64 to 1,023, as they are asked for: 0 is one that was not. */
const hashesOfSmall = new Int32Array(64 + 1024);

function hashOfNumber(value: Rational): number {
  const isSmall = typeof value === 'number' && value >= -64 && value < 1024;
  const known = isSmall ? hashesOfSmall[value + 64]! : 0;
  if (known !== 0) return known;
  const hash = mix(mix(1, kindCode.number), hashOfText(digitsOf(value)));
  if (isSmall) hashesOfSmall[value + 64] = hash;
  return hash;
}

/** A column: integers, a plain array while there are few. */
type Column = number[] | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

function grown(column: Column, kind: { new (length: number): Exclude<Column, number[]> }): Column {
  if (Array.isArray(column) && column.length < mostPlain) return columnOf(column.length * 2, column);
  const larger = new kind(column.length * 2);
  larger.set(column);
  return larger;
}

/** Words of a node. */
const nodeWords = 4;
/** Bits of a node's first word that are its kind; the signs that were found follow. */
const kindBits = 3;
const kindMask = (1 << kindBits) - 1;

/** Entries of a plain column that is doubled once more, before it becomes a typed array. */
const mostPlain = 1024;

const noFacts: ReadonlyMap<string, SymbolFacts> = new Map();

/** The numbers that every store begins with: their nodes are 0, 1, 2 and 3; that of pi is 4. */
const firstNumbers = [0, 1, -1, rational(1n, 2n)] as const;

/** What a store begins with: {@link firstNumbers} and pi. Room for what a reduction of a few operations makes. */
const start = {
  used: firstNumbers.length + 1,
  poolUsed: firstNumbers.length as number,
  nodes: columnOf(32 * nodeWords, [
    ...firstNumbers.flatMap((value, at) => [kindCode.number, at, 1, hashOfNumber(value)]),
    ...[kindCode.pi, firstNumbers.length, 0, mix(1, kindCode.pi)],
  ]),
  pool: columnOf(96, [0, 1, 2, 3]),
  table: columnOf(64, []).fill(-1),
  numbers: [...firstNumbers] as (Rational | undefined)[],
};
for (let id = 0; id < start.used; id++) {
  let slot = start.nodes[nodeWords * id + 3]! & (start.table.length - 1);
  while (start.table[slot] !== -1) slot = (slot + 1) & (start.table.length - 1);
  start.table[slot] = id;
}

function columnOf(length: number, entries: ArrayLike<number>): number[] {
  const column: number[] = [];
  for (let at = 0; at < length; at++) column.push(entries[at] ?? 0);
  return column;
}
