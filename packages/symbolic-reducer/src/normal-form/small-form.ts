// Normal forms of rational expressions whose quotients come out whole and whose polynomials stay small, which most that people write do: a
// few symbols, terms and digits. Terms are keys and coefficients on one stack that is used again, because making arrays costs more than
// such a sum takes. Where anything does not fit, the answer is that this is not for here, and nothing was done.

import { type Budget, keepShape } from '../budget/index.js';
import {
  type Condition,
  ConditionSet,
  ExpressionStore,
  type ExprId,
  giveBackPairs,
  kindCode,
  takePairs,
} from '../expression/index.js';

/** Variables, terms of each polynomial, powers and nested sums that are small. */
const maxVariables = 4;
const maxTerms = 48;
const maxExponent = 8;
const maxDepth = 16;
/** Nodes that are looked at, shared ones as often as they occur, and terms that are made: a millisecond is lost at most. */
const maxVisits = 4_096;
const maxMadeTerms = 16_384;
/** Terms of all polynomials that are at work within one another. */
const stackTerms = 8_192;
/**
 * A key has a field of 7 bits for each exponent, the first variable's highest. Exponents are below 64: the highest bit of a field shows
 * when a difference borrowed.
 */
const fieldBits = 7;
const fieldMask = 127;
const maxDegree = 64;
const borrowBits = 0x8102040;

/** The degree of what is not small. */
const notSmall = -1;

/** A result and what was cancelled on the way. */
export interface SmallForm {
  /** The expression. */
  readonly result: ExprId;
  /** What is not 0 where it holds. */
  readonly conditions: readonly Condition[];
}

/** The normal form of a small expression; `undefined` of any other. */
export function smallForm(store: ExpressionStore, root: ExprId, budget: Budget): SmallForm | undefined {
  if (!store.assumesNothing || budget.maxBits < 64 || budget.maxTerms < maxTerms) return undefined;
  // What watches the store may itself ask for a normal form: it gets another space.
  const space = idle ?? new SmallSpace();
  idle = undefined;
  try {
    return space.formOf(store, root, budget);
  } finally {
    idle = space;
  }
}

/** Terms of a polynomial on the stack: from a place to another. Keys descend; coefficients are whole, below 2^53 and not 0. */
class SmallSpace {
  #store: ExpressionStore = noStore;
  /** The first {@link #symbolCount} are in use, in their order. */
  readonly #symbols: ExprId[] = Array.from({ length: maxVariables }, () => 0 as ExprId);
  #symbolCount = 0;
  readonly #keys = new Int32Array(stackTerms);
  readonly #values = new Float64Array(stackTerms);
  #top = 0;
  #visits = 0;
  #made = 0;
  /** What was divided by: keys and coefficients in turn. */
  readonly #divisors: number[][] = [];

  formOf(store: ExpressionStore, root: ExprId, budget: Budget): SmallForm | undefined {
    this.#store = store;
    this.#symbolCount = 0;
    this.#top = 0;
    this.#visits = 0;
    this.#made = 0;
    try {
      if (!this.#collectSymbols(root, 0) || this.#evaluate(root, 0) === notSmall) return undefined;
      budget.step(this.#visits + this.#made);
      const result = this.#expressionOf(this.#top);
      return { result, conditions: this.#conditions() };
    } finally {
      this.#store = noStore;
      while (this.#divisors.length > 0) this.#divisors.pop();
    }
  }

  /** The symbols in their order; false where there is anything else, or too much. */
  #collectSymbols(id: ExprId, depth: number): boolean {
    if (depth > maxDepth || ++this.#visits > maxVisits) return false;
    const store = this.#store;
    const kind = store.kindCodeOf(id);
    if (kind === kindCode.number) return true;
    if (kind === kindCode.symbol) return this.#addSymbol(id);
    if (kind !== kindCode.sum && kind !== kindCode.product) return false;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const child = store.child(id, at);
      if (child !== store.one && !this.#collectSymbols(child, depth + 1)) return false;
    }
    return true;
  }

  #addSymbol(id: ExprId): boolean {
    const symbols = this.#symbols;
    for (let at = 0; at < this.#symbolCount; at++) if (symbols[at] === id) return true;
    if (this.#symbolCount === maxVariables) return false;
    let place = this.#symbolCount++;
    for (; place > 0 && this.#store.compare(symbols[place - 1]!, id) > 0; place--) symbols[place] = symbols[place - 1]!;
    symbols[place] = id;
    return true;
  }

  /** Puts a polynomial on the stack; its total degree is at most what is returned. */
  #evaluate(id: ExprId, depth: number): number {
    const store = this.#store;
    switch (store.kindCodeOf(id)) {
      case kindCode.number: {
        const value = store.numberAt(id);
        if (typeof value !== 'number') return notSmall;
        if (value === 0) return 0;
        return this.#push(0, value) ? 0 : notSmall;
      }
      case kindCode.symbol:
        return this.#push(this.#keyOf(id), 1) ? 1 : notSmall;
      case kindCode.sum:
        return this.#sum(id, depth);
      default:
        return this.#product(id, depth);
    }
  }

  #keyOf(symbol: ExprId): number {
    let key = 1 << (fieldBits * (this.#symbolCount - 1));
    for (let at = 0; this.#symbols[at] !== symbol; at++) key >>= fieldBits;
    return key;
  }

  #exponentIn(key: number, index: number): number {
    return (key >> (fieldBits * (this.#symbolCount - 1 - index))) & fieldMask;
  }

  #push(key: number, value: number): boolean {
    if (this.#top === stackTerms) return false;
    this.#keys[this.#top] = key;
    this.#values[this.#top++] = value;
    return true;
  }

  #sum(id: ExprId, depth: number): number {
    const store = this.#store;
    const start = this.#top;
    let degree = 0;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const coefficient = store.numberAt(store.child(id, at + 1));
      if (typeof coefficient !== 'number') return notSmall;
      const from = this.#top;
      const term = this.#evaluate(store.child(id, at), depth + 1);
      if (term === notSmall || !this.#add(start, from, coefficient)) return notSmall;
      if (term > degree) degree = term;
    }
    return degree;
  }

  /** Adds a multiple of the polynomial from `middle` to the top to that from `start` to `middle`. */
  #add(start: number, middle: number, scale: number): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const end = this.#top;
    for (let at = middle; at < end; at++) {
      values[at]! *= scale;
      if (!Number.isSafeInteger(values[at])) return false;
    }
    this.#made += end - start;
    if (this.#made > maxMadeTerms || end - start > 2 * maxTerms || end + end - start > stackTerms) return false;
    if (start !== middle && middle !== end && keys[middle - 1]! <= keys[middle]!) {
      let left = start;
      let right = middle;
      let to = end;
      while (left < middle && right < end) {
        const order = keys[left]! - keys[right]!;
        if (order === 0) {
          const sum = values[left++]! + values[right]!;
          if (!Number.isSafeInteger(sum)) return false;
          keys[to] = keys[right++]!;
          values[to] = sum;
          if (sum !== 0) to++;
        } else {
          const from = order > 0 ? left++ : right++;
          keys[to] = keys[from]!;
          values[to++] = values[from]!;
        }
      }
      for (; left < middle; left++) {
        keys[to] = keys[left]!;
        values[to++] = values[left]!;
      }
      for (; right < end; right++) {
        keys[to] = keys[right]!;
        values[to++] = values[right]!;
      }
      this.#moveDown(start, end, to);
    }
    return this.#top - start <= maxTerms;
  }

  /** Lets the polynomial between two places be the topmost, from `start`. */
  #moveDown(start: number, from: number, end: number): void {
    const keys = this.#keys;
    const values = this.#values;
    let to = start;
    for (let at = from; at < end; at++) {
      keys[to] = keys[at]!;
      values[to++] = values[at]!;
    }
    this.#top = to;
  }

  #product(id: ExprId, depth: number): number {
    const start = this.#top;
    const above = this.#powers(id, depth, 1);
    const middle = this.#top;
    if (above === notSmall || middle === start) return notSmall;
    const below = this.#powers(id, depth, -1);
    if (below === notSmall) return notSmall;
    if (this.#top > middle && !this.#divide(start, middle)) return notSmall;
    return above;
  }

  /** Puts on the stack what stands above the bar, for sign 1, or below it; nothing where nothing does. */
  #powers(id: ExprId, depth: number, sign: 1 | -1): number {
    const store = this.#store;
    const start = this.#top;
    let degree = 0;
    let isFirst = true;
    const count = store.childCount(id);
    for (let at = 0; at < count; at += 2) {
      const exponent = store.valueOf(store.child(id, at + 1));
      if (typeof exponent !== 'number' || exponent === 0 || Math.abs(exponent) > maxExponent) return notSmall;
      if (exponent * sign < 0) continue;
      const base = this.#top;
      const baseDegree = this.#evaluate(store.child(id, at), depth + 1);
      const end = this.#top;
      if (baseDegree === notSmall || end === base) return notSmall;
      degree += baseDegree * Math.abs(exponent);
      if (degree >= maxDegree) return notSmall;
      let from = isFirst ? base : start;
      let to = isFirst ? end : base;
      for (let times = isFirst ? 1 : 0; times < Math.abs(exponent); times++) {
        if (!this.#multiply(from, to, base, end)) return notSmall;
        from = times === 0 || from < end ? end : to;
        to = this.#top;
      }
      isFirst = false;
      this.#moveDown(start, from, to);
    }
    return degree;
  }

  /** Puts the product of two polynomials on the stack. */
  #multiply(left: number, leftEnd: number, right: number, rightEnd: number): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const start = this.#top;
    for (let row = left; row < leftEnd; row++) {
      for (let column = right; column < rightEnd; column++) {
        if (!this.#insert(start, keys[row]! + keys[column]!, values[row]! * values[column]!)) return false;
      }
    }
    this.#compact(start);
    return true;
  }

  /** Adds a term at its place in the polynomial from `start` to the top; false when a number is too large or there are too many terms. */
  #insert(start: number, key: number, value: number): boolean {
    if (!Number.isSafeInteger(value) || ++this.#made > maxMadeTerms) return false;
    const keys = this.#keys;
    const values = this.#values;
    let place = this.#top;
    while (place > start && keys[place - 1]! < key) place--;
    if (place > start && keys[place - 1] === key) {
      const sum = values[place - 1]! + value;
      values[place - 1] = sum;
      return Number.isSafeInteger(sum);
    }
    if (this.#top - start === maxTerms || this.#top === stackTerms) return false;
    for (let at = this.#top++; at > place; at--) {
      keys[at] = keys[at - 1]!;
      values[at] = values[at - 1]!;
    }
    keys[place] = key;
    values[place] = value;
    return true;
  }

  /** Leaves out the terms of the topmost polynomial that became 0. */
  #compact(start: number): void {
    const keys = this.#keys;
    const values = this.#values;
    let kept = start;
    for (let at = start; at < this.#top; at++) {
      if (values[at] === 0) continue;
      keys[kept] = keys[at]!;
      values[kept++] = values[at]!;
    }
    this.#top = kept;
  }

  /** Divides the polynomial from `start` by that from `middle`, in its place; false where there is a remainder. */
  #divide(start: number, middle: number): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const end = this.#top;
    const lead = values[middle]!;
    // First the quotient, then what is left of the dividend.
    const quotient = end;
    const rest = end + maxTerms;
    if (rest + middle - start > stackTerms) return false;
    for (let at = start; at < middle; at++) {
      keys[rest + at - start] = keys[at]!;
      values[rest + at - start] = values[at]!;
    }
    this.#top = rest + middle - start;
    let to = quotient;
    for (let first = rest; first < this.#top; first++) {
      if (values[first] === 0) continue;
      const key = keys[first]! - keys[middle]!;
      const value = values[first]! / lead;
      if (!Number.isInteger(value) || value * lead !== values[first] || key < 0 || (key & borrowBits) !== 0)
        return false;
      if (to === rest) return false;
      keys[to] = key;
      values[to++] = value;
      for (let term = middle + 1; term < end; term++) {
        if (!this.#insert(rest, key + keys[term]!, -value * values[term]!)) return false;
      }
    }
    const divisor: number[] = [];
    for (let at = middle; at < end; at++) divisor.push(keys[at]!, values[at]!);
    this.#divisors.push(divisor);
    this.#moveDown(start, quotient, to);
    return true;
  }

  /** What was divided by is not 0: that of its primitive part, or of the symbols when it has one term. */
  #conditions(): readonly Condition[] {
    if (this.#divisors.length === 0) return [];
    const conditions = new ConditionSet(this.#store);
    for (const divisor of this.#divisors) {
      if (divisor.length === 2) {
        for (let index = 0; index < this.#symbolCount; index++) {
          if (this.#exponentIn(divisor[0]!, index) > 0) conditions.add('nonzero', this.#symbols[index]!);
        }
        continue;
      }
      let content = 0;
      for (let at = 1; at < divisor.length; at += 2) content = gcdOf(content, Math.abs(divisor[at]!));
      if (divisor[1]! < 0) content = -content;
      for (let at = 0; at < divisor.length; at += 2) {
        this.#keys[at / 2] = divisor[at]!;
        this.#values[at / 2] = divisor[at + 1]! / content;
      }
      conditions.add('nonzero', this.#expressionOf(divisor.length / 2));
    }
    return conditions.list();
  }

  /** The polynomial of the lowest terms of the stack. */
  #expressionOf(count: number): ExprId {
    const store = this.#store;
    const sum = takePairs();
    const product = takePairs();
    for (let at = 0; at < count; at++) {
      product.count = 0;
      for (let index = 0; index < this.#symbolCount; index++) {
        const exponent = this.#exponentIn(this.#keys[at]!, index);
        if (exponent > 0) product.push(this.#symbols[index]!, exponent === 1 ? store.one : store.number(exponent));
      }
      let term = store.one;
      if (product.count === 2 && product.entries[1] === store.one) term = product.entries[0]!;
      else if (product.count > 0) term = store.intern(kindCode.product, product.entries, product.count);
      sum.push(term, store.number(this.#values[at]!));
    }
    giveBackPairs(product);
    return store.sumOfPairs(sum);
  }
}

function gcdOf(a: number, b: number): number {
  let left = a;
  let right = b;
  while (right !== 0) [left, right] = [right, left % right];
  return left;
}

const noStore = new ExpressionStore();
let idle: SmallSpace | undefined = new SmallSpace();
keepShape(new ConditionSet(noStore));
